import { open, type FileHandle } from 'node:fs/promises'
import { sha256Of } from './dataset-source.ts'
import { decodeImage } from './decode-image.ts'
import { InvalidDataset } from './invalid-dataset.ts'
import type { DatasetManifest, ManifestImage, SplitName } from './manifest.ts'
import { resizeSquare } from './pillow-resize.ts'
import type { Rgb8Image } from './rgb8-image.ts'

/** Images as models take them, with their labels. */
export interface LabelledBatch {
  /** [count, resolution, resolution, 3], in [0, 1]. */
  readonly images: Float32Array
  readonly labels: Int32Array
  readonly digests: string[]
}

/** Reads the images of a packed dataset by index. Every read is checked against the digest in the manifest. */
export interface DatasetReader {
  readonly manifest: DatasetManifest
  /** Number of images of a split; 0 for `testCommon` where the source has none. */
  count(split: SplitName): number
  /** The images at `indices`, resized to the manifest's resolution. */
  read(split: SplitName, indices: readonly number[]): Promise<LabelledBatch>
  /** One image at its own size. */
  readRgb8(split: SplitName, index: number): Promise<Rgb8Image>
  /** What the manifest says of one image. */
  entry(split: SplitName, index: number): ManifestImage
  close(): Promise<void>
}

/** Opens a packed dataset, whose images are in memory or in a file. */
export function openDataset(manifest: DatasetManifest, images: Uint8Array | string): DatasetReader {
  const bytes = typeof images === 'string' ? fileBytes(images) : memoryBytes(images)
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

  async function read(split: SplitName, indices: readonly number[]): Promise<LabelledBatch> {
    const natives = await Promise.all(indices.map((index) => readRgb8(split, index)))
    const entries = indices.map((index) => entry(split, index))
    const labels = Int32Array.from(entries, ({ label }) => label)
    return { images: stackImages(natives, manifest.resolution), labels, digests: entries.map(({ digest }) => digest) }
  }

  return { manifest, count: (split) => manifest.splits[split]?.length ?? 0, read, readRgb8, entry, close: bytes.close }
}

/** Resizes images to a square and stacks them. → [count, resolution, resolution, 3], in [0, 1] */
export function stackImages(images: readonly Rgb8Image[], resolution: number): Float32Array {
  const size = resolution * resolution * 3
  const stacked = new Float32Array(images.length * size)
  for (const [i, image] of images.entries()) {
    const { data } = resizeSquare(image, resolution)
    for (let j = 0; j < size; j++) stacked[i * size + j] = data[j]! / 255
  }
  return stacked
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
