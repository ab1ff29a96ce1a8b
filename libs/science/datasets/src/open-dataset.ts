import { open, type FileHandle } from 'node:fs/promises'
import { sha256Of } from './sources/dataset-source.ts'
import { openDecodedCache } from './decoded-cache.ts'
import { decodeImage } from './images/decode-image.ts'
import { InvalidDataset } from './invalid-dataset.ts'
import type { DatasetManifest, ManifestImage, SplitName } from './manifest.ts'
import { resizeSquare } from './images/pillow-resize.ts'
import type { Rgb8Image } from './images/rgb8-image.ts'
import { unitOfLevel } from './images/unit-of-level.ts'

/** Images as models take them, with their labels. */
export interface LabelledBatch {
  /** [count, resolution, resolution, 3], in [0, 1]. */
  readonly images: Float32Array
  readonly labels: Int32Array
  readonly digests: string[]
}

/** What a packed dataset is read from. */
export interface DatasetOpening {
  readonly manifest: DatasetManifest
  /** The packed images, in memory or as a file. */
  readonly images: Uint8Array | string
  /** Where resized images are kept; absent where they are not. */
  readonly decodedFolder?: string
}

/** Reads the images of a packed dataset by index. Every read is checked against the digest in the manifest. */
export interface DatasetReader {
  readonly manifest: DatasetManifest
  /** From what it was opened, so that a thread can open it too. */
  readonly opening: DatasetOpening
  /** Number of images of a split; 0 for `testCommon` where the source has none. */
  count(split: SplitName): number
  /** The images at `indices`, resized to the manifest's resolution. */
  read(split: SplitName, indices: readonly number[]): Promise<LabelledBatch>
  /** The images at `indices`, resized: [resolution, resolution, 3], a byte a channel, arrays of the caller's own. */
  readLevels(split: SplitName, indices: readonly number[]): Promise<Uint8Array[]>
  /** One image at its own size. */
  readRgb8(split: SplitName, index: number): Promise<Rgb8Image>
  /** What the manifest says of one image. */
  entry(split: SplitName, index: number): ManifestImage
  close(): Promise<void>
}

/** Opens a packed dataset, whose images are in memory or in a file. */
export function openDataset(opening: DatasetOpening): DatasetReader {
  const { manifest, images, decodedFolder } = opening
  const bytes = typeof images === 'string' ? fileBytes(images) : memoryBytes(images)
  const cache = decodedFolder === undefined ? null : openDecodedCache(manifest, decodedFolder)
  const entry = (split: SplitName, index: number) => entryAt(manifest, split, index)

  async function readRgb8(split: SplitName, index: number): Promise<Rgb8Image> {
    const image = entry(split, index)
    const stored = await bytes.read(image.offset, image.length)
    if (sha256Of(stored) !== image.digest) {
      throw new InvalidDataset(
        `Image ${index} of ${split} does not have the digest its manifest gives; prepare ${manifest.dataset} again.`,
      )
    }
    return decodeImage(stored, image)
  }

  async function readSquare(split: SplitName, index: number): Promise<Uint8Array> {
    const image = entry(split, index)
    const kept = await cache?.read(image)
    if (kept) return kept
    const native = await readRgb8(split, index)
    const { data } = resizeSquare(native, manifest.resolution)
    await cache?.write(image, data)
    return data === native.data ? data.slice() : data // which may be those of the packed file itself
  }

  const readLevels: DatasetReader['readLevels'] = (split, indices) =>
    Promise.all(indices.map((index) => readSquare(split, index)))

  async function read(split: SplitName, indices: readonly number[]): Promise<LabelledBatch> {
    const levels = await readLevels(split, indices)
    const entries = indices.map((index) => entry(split, index))
    return labelledBatch(entries, (i, into) => writeUnits(levels[i]!, into), manifest.resolution)
  }

  async function close() {
    await Promise.all([bytes.close(), cache?.close()])
  }
  const count = (split: SplitName) => manifest.splits[split]?.length ?? 0
  return { manifest, opening, count, read, readLevels, readRgb8, entry, close }
}

/**
 * A batch of the images of these entries, of which `write` writes one after another, in [0, 1]. `memory` is that of a
 * batch that nobody reads any more; one of another size is left alone.
 */
export function labelledBatch(
  entries: readonly ManifestImage[],
  write: (index: number, into: Float32Array) => void,
  resolution: number,
  memory?: Float32Array,
): LabelledBatch {
  const size = 3 * resolution ** 2
  const images = memory?.length === entries.length * size ? memory : new Float32Array(entries.length * size)
  for (const i of entries.keys()) write(i, images.subarray(i * size, (i + 1) * size))
  const labels = Int32Array.from(entries, ({ label }) => label)
  return { images, labels, digests: entries.map(({ digest }) => digest) }
}

/** Resizes images to a square and stacks them. → [count, resolution, resolution, 3], in [0, 1] */
export function stackImages(images: readonly Rgb8Image[], resolution: number): Float32Array {
  const size = resolution * resolution * 3
  const stacked = new Float32Array(images.length * size)
  for (const [i, image] of images.entries())
    writeUnits(resizeSquare(image, resolution).data, stacked.subarray(i * size, (i + 1) * size))
  return stacked
}

/** Writes levels as numbers in [0, 1]. */
function writeUnits(levels: Uint8Array, into: Float32Array): void {
  for (let i = 0; i < levels.length; i++) into[i] = unitOfLevel[levels[i]!]!
}

function entryAt(manifest: DatasetManifest, split: SplitName, index: number): ManifestImage {
  const entry = manifest.splits[split]?.[index]
  if (entry) return entry
  const count = manifest.splits[split]?.length ?? 0
  throw new RangeError(`${manifest.dataset} has ${count} images in ${split}, so there is no image ${index}.`)
}

interface PackedBytes {
  read(offset: number, length: number): Promise<Uint8Array>
  close(): Promise<void>
}

function memoryBytes(images: Uint8Array): PackedBytes {
  return { read: async (offset, length) => images.subarray(offset, offset + length), close: async () => {} }
}

function fileBytes(path: string): PackedBytes {
  let file: Promise<FileHandle> | undefined
  async function read(offset: number, length: number) {
    file ??= open(path, 'r')
    const buffer = new Uint8Array(length)
    const { bytesRead } = await (await file).read(buffer, 0, length, offset)
    return buffer.subarray(0, bytesRead)
  }
  async function close() {
    const opened = file
    file = undefined
    await (await opened)?.close()
  }
  return { read, close }
}
