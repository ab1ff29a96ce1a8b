import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { diskFullOr, temporaryFolder } from '@gauntlet/files'
import type { DatasetSpecification } from '@gauntlet/study'
import { sha256Of, type DatasetSource, type SourceEntry } from './sources/dataset-source.ts'
import { decodeImage } from './images/decode-image.ts'
import { InvalidDataset } from './invalid-dataset.ts'
import { manifestHeader, type DatasetManifest, type ManifestImage } from './manifest.ts'
import { readSource } from './sources/read-source.ts'
import type { Rgb8Image } from './images/rgb8-image.ts'
import { assignSplits, subsampleSplits, type Splits } from './split.ts'

/** A dataset's manifest, and the file of its images. */
export interface PackedDataset {
  readonly manifest: DatasetManifest
  /** The path of the stored images, one after another at the manifest's offsets. */
  readonly imagesFile: string
}

/**
 * Splits a verified source, takes from each split the images that the specification wants, and packs them into one file
 * with a manifest. The same source and specification always give the same bytes. Throws `DiskFull`. The file is written
 * to `imagesFile`, or unless given into a new temporary folder, which the caller removes.
 */
export async function packDataset(
  specification: DatasetSpecification,
  sourceFile: string,
  imagesFile?: string,
): Promise<PackedDataset> {
  const source = await readSource(sourceFile, specification.classes)
  requireReadable(source, specification)
  const { splits, dropped } = splitSource(source.entries, specification)
  const path = imagesFile ?? join(temporaryFolder('gauntlet-dataset-'), 'images.pack')
  const packed = await packImages(source, new Set(Object.values(splits).flat()), path)
  const linesOf = (positions: readonly number[]) =>
    positions.map((position) => manifestLine(source.entries[position]!, packed.offsets.get(position)!))
  const lines = Object.fromEntries(
    Object.entries(splits).map(([split, positions]) => [split, linesOf(positions)]),
  ) as DatasetManifest['splits']
  const images = { digest: packed.digest, length: packed.length }
  return {
    manifest: {
      ...manifestHeader(specification, source.classNames),
      images,
      duplicatesDropped: dropped,
      splits: lines,
    },
    imagesFile: path,
  }
}

/** The splits of a specification, without images that would leak between them. */
export function splitSource(
  entries: readonly SourceEntry[],
  specification: Pick<DatasetSpecification, 'id' | 'splitSeed' | 'trainImages' | 'validationImages' | 'testImages'>,
): { readonly splits: Splits; readonly dropped: DatasetManifest['duplicatesDropped'] } {
  const { splits: kept, dropped } = dropLeaks(assignSplits(entries, specification), entries)
  const splits = subsampleSplits(kept, entries, specification)
  for (const split of ['train', 'validation', 'test'] as const) {
    if (splits[split].length === 0)
      throw new InvalidDataset(
        `No image is left for the ${split} split of ${specification.id}; raise its image count or give a larger source.`,
      )
  }
  return { splits, dropped }
}

function requireReadable({ unreadable }: DatasetSource, { id }: DatasetSpecification): void {
  const [first] = unreadable
  if (first)
    throw new InvalidDataset(
      `${id} has ${unreadable.length === 1 ? 'an image' : `${unreadable.length} images`} that cannot be read: ${first.name} ${first.wrong}; replace or remove ${unreadable.length === 1 ? 'it' : 'them (npx gauntlet datasets check lists all)'}.`,
    )
}

/** Removes from train the images whose bytes are also in validation or test, and from validation those in test. */
function dropLeaks(
  splits: Splits,
  entries: readonly SourceEntry[],
): { splits: Splits; dropped: DatasetManifest['duplicatesDropped'] } {
  const digestOf = (position: number) => entries[position]!.digest
  const seen = new Set(splits.test.map(digestOf))
  const validation = splits.validation.filter((position) => !seen.has(digestOf(position)))
  for (const position of validation) seen.add(digestOf(position))
  const train = splits.train.filter((position) => !seen.has(digestOf(position)))
  const dropped = {
    train: splits.train.length - train.length,
    validation: splits.validation.length - validation.length,
  }
  return { splits: { ...splits, train, validation }, dropped }
}

/** Writes the chosen images in the source's order. Each must have the bytes of the first reading, and must decode. */
async function packImages(source: DatasetSource, chosen: ReadonlySet<number>, path: string) {
  const offsets = new Map<number, number>()
  const hash = createHash('sha256')
  const file = await open(path, 'w')
  let length = 0
  try {
    for await (const [position, bytes] of source.images(chosen)) {
      const entry = source.entries[position]!
      if (sha256Of(bytes) !== entry.digest)
        throw new InvalidDataset('The dataset changed while it was read; leave it alone and prepare it again.')
      await decodeNamed(bytes, entry)
      offsets.set(position, length)
      hash.update(bytes)
      await file.writeFile(bytes)
      length += bytes.length
    }
    await file.sync()
  } catch (error) {
    throw diskFullOr(error, path)
  } finally {
    await file.close()
  }
  if (offsets.size !== chosen.size)
    throw new InvalidDataset('The dataset changed while it was read; leave it alone and prepare it again.')
  return { offsets, length, digest: hash.digest('hex') }
}

/** Decodes an image of a source, and names it where that fails. */
export async function decodeNamed(bytes: Uint8Array, entry: SourceEntry): Promise<Rgb8Image> {
  try {
    return await decodeImage(bytes, entry)
  } catch (error) {
    if (error instanceof InvalidDataset) throw new InvalidDataset(`${entry.name}: ${error.message}`)
    throw error
  }
}

function manifestLine({ digest, label, length, width, height, encoding }: SourceEntry, offset: number): ManifestImage {
  return { digest, label, offset, length, width, height, encoding }
}
