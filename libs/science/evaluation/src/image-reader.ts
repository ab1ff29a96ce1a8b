import { InvalidInput, type Digest } from '@gauntlet/study'

/** Reads test images, in the order of the manifest: clean ones, or for the perturbation `common` corrupted ones. */
export interface ImageReader {
  readonly count: number
  /** Side of the square images, in pixels. */
  readonly resolution: number
  /** The digest and label that `read` gives of an image, without reading it. */
  entry(index: number): { readonly digest: Digest; readonly label: number }
  /** The images at these indices. The same index always gives the same bytes. */
  read(indices: readonly number[]): Promise<ImageBatch>
}

export interface ImageBatch {
  /** [indices, side, side, 3] in [0, 1]. */
  readonly images: Float32Array
  readonly labels: Int32Array
  /** Digests of the stored clean images, which key the noise and name the outcomes. */
  readonly digests: readonly Digest[]
  /** The corruption of each image, where `common` tells it. */
  readonly corruptions?: readonly string[]
}

/** Reads images, and refuses what is not a batch of images in [0, 1]. */
export async function readChecked(reader: ImageReader, indices: readonly number[]): Promise<ImageBatch> {
  const batch = await reader.read(indices)
  const [images, values] = [indices.length, indices.length * reader.resolution ** 2 * 3]
  if (batch.images.length !== values || batch.labels.length !== images || batch.digests.length !== images) {
    throw new InvalidInput(
      `Reading ${images} images of ${reader.resolution} px gave ${batch.images.length} values, ${batch.labels.length} labels and ` +
        `${batch.digests.length} digests; prepare the dataset again.`,
    )
  }
  if (!batch.images.every((value) => value >= 0 && value <= 1)) {
    throw new InvalidInput(
      `An image among ${indices[0]} to ${indices.at(-1)} has values outside [0, 1]; prepare the dataset again.`,
    )
  }
  return batch
}
