import type { Digest } from '@gauntlet/study'

/** The test images in the order of the manifest: clean ones, or for the perturbation `common` the corrupted ones. */
export interface ImageReader {
  readonly count: number
  /** Side of the square images, in pixels. */
  readonly resolution: number
  /** What is known of an image without reading it: the digest and label that `read` gives too. */
  entry(index: number): { readonly digest: Digest; readonly label: number }
  /** The images at the given places. The same place always gives the same bytes. */
  read(indices: readonly number[]): Promise<ImageBatch>
}

export interface ImageBatch {
  /** [indices, side, side, 3] in [0, 1]. */
  readonly images: Float32Array
  readonly labels: Int32Array
  /** Digests of the stored clean images: they key the noise and name the outcomes. */
  readonly digests: readonly Digest[]
  /** The corruption each image went through, for `common`. */
  readonly corruptions?: readonly string[]
}

/** A reader gave images that cannot be evaluated; a retry does not help. */
export class ImagesInvalid extends Error {
  override readonly name = 'InvalidInput'
}

/** Reads a chunk and checks that it is one. */
export async function readChunk(reader: ImageReader, indices: readonly number[]): Promise<ImageBatch> {
  const batch = await reader.read(indices)
  const [images, values] = [indices.length, indices.length * reader.resolution ** 2 * 3]
  if (batch.images.length !== values || batch.labels.length !== images || batch.digests.length !== images) {
    throw new ImagesInvalid(
      `Reading ${images} images of ${reader.resolution} px gave ${batch.images.length} values, ${batch.labels.length} labels and ` +
        `${batch.digests.length} digests; prepare the dataset again.`,
    )
  }
  if (!batch.images.every((value) => value >= 0 && value <= 1)) {
    throw new ImagesInvalid(
      `An image among ${indices[0]} to ${indices.at(-1)} has values outside [0, 1]; prepare the dataset again.`,
    )
  }
  return batch
}
