import { canonicalJson, type DatasetSpecification } from '@gauntlet/study'
import { z } from 'zod'
import { InvalidDataset } from './invalid-dataset.ts'

const digest = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lowercase hexadecimal digits')
const count = z.number().int().nonnegative()

const manifestImage = z.strictObject({
  /** SHA-256 of the stored bytes, which keys random numbers and outcomes. */
  digest,
  label: count,
  /** Offset of the stored bytes in the packed file, and their number. */
  offset: count,
  length: z.number().int().positive(),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  encoding: z.enum(['rgb8', 'png', 'jpeg', 'webp', 'gif', 'tiff', 'bmp']),
})

const datasetManifest = z.strictObject({
  format: z.literal('gauntlet-dataset-3'),
  dataset: z.string(),
  /** SHA-256 of the fetched source. */
  sha256: digest,
  classes: z.number().int().positive(),
  /** The name of each class, by its label. */
  classNames: z.array(z.string()),
  resolution: z.number().int().positive(),
  splitSeed: z.number().int(),
  /** The packed file to which the offsets refer. */
  images: z.strictObject({ digest, length: count }),
  /**
   * Number of images that were left out of a split because the same bytes are in a later one of train, validation and
   * test, into which they would leak.
   */
  duplicatesDropped: z.strictObject({ train: count, validation: count }),
  splits: z.strictObject({
    train: z.array(manifestImage),
    validation: z.array(manifestImage),
    test: z.array(manifestImage),
    /** The source's own corrupted copy of `test`, image by image, where it has one. */
    testCommon: z.array(manifestImage).optional(),
  }),
})

/** The images of a dataset with their digests, by split and in order. */
export type DatasetManifest = z.infer<typeof datasetManifest>
export type ManifestImage = z.infer<typeof manifestImage>
export type ImageEncoding = ManifestImage['encoding']
export type SplitName = 'train' | 'validation' | 'test' | 'testCommon'

/** A manifest as canonical JSON, so that equal manifests have equal digests. */
export function encodeManifest(manifest: DatasetManifest): Uint8Array {
  return new TextEncoder().encode(canonicalJson(JSON.parse(JSON.stringify(manifest))))
}

/** Reads a manifest, and refuses it where it breaks its schema or contradicts itself. */
export function parseManifest(bytes: Uint8Array): DatasetManifest {
  const result = datasetManifest.safeParse(parseJson(bytes))
  if (!result.success) {
    const issue = result.error.issues[0]!
    throw new InvalidDataset(
      `The dataset manifest is malformed at ${issue.path.join('.') || 'its root'} (${issue.message}); prepare it again.`,
    )
  }
  checkImages(result.data)
  return result.data
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new InvalidDataset('The dataset manifest is not JSON; prepare the dataset again.')
  }
}

function checkImages({ splits, classes, classNames, images }: DatasetManifest): void {
  if (classNames.length !== classes)
    throw new InvalidDataset(
      `The manifest has ${classNames.length} names for ${classes} classes; prepare the dataset again.`,
    )
  if (splits.testCommon && labelsOf(splits.testCommon) !== labelsOf(splits.test))
    throw new InvalidDataset(
      'The images of testCommon are not those of test in the same order; prepare the dataset again.',
    )
  for (const [split, entries] of Object.entries(splits)) {
    for (const [i, { label, offset, length }] of (entries ?? []).entries()) {
      if (label >= classes)
        throw new InvalidDataset(
          `Image ${i} of ${split} has label ${label}, but there are ${classes} classes; prepare the dataset again.`,
        )
      if (offset + length > images.length) {
        throw new InvalidDataset(
          `Image ${i} of ${split} lies beyond the end of the packed file; prepare the dataset again.`,
        )
      }
    }
  }
}

function labelsOf(entries: readonly ManifestImage[]): string {
  return entries.map(({ label }) => label).join()
}

/**
 * The part of a specification that is in its manifest. The place of the source is not: a copy of the same bytes gives
 * the same manifest.
 */
export function manifestHeader(specification: DatasetSpecification, classNames: readonly string[]) {
  const { id, sha256, classes, resolution, splitSeed } = specification
  const names = [...classNames]
  return {
    format: 'gauntlet-dataset-3' as const,
    dataset: id,
    sha256,
    classes,
    classNames: names,
    resolution,
    splitSeed,
  }
}
