import { filledUp, marginOf, passRows, requireFinite, type LogitsFunction, type Sighting } from '@gauntlet/attacks'
import { batchPositionInvariant, tf, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import { readChunk, type ImageBatch, type ImageReader } from './image-reader.ts'

/**
 * Images that are evaluated together. The tensors hold the images of `batch` first; further rows repeat the first one
 * up to the rows of a pass.
 */
export interface Chunk extends ImageBatch {
  /** Place of the first image in the test split. */
  readonly first: number
  readonly tensors: { readonly images: Tensor4D; readonly labels: Tensor1D }
}

/**
 * Reads the images from `first` on, at most `size` and no more than a pass has rows; the caller disposes of the
 * tensors.
 */
export async function openChunk(reader: ImageReader, first: number, size: number): Promise<Chunk> {
  const side = reader.resolution
  const rows = passRows([side, side, 3])
  const indices = Array.from({ length: Math.min(size, rows, reader.count - first) }, (_, i) => first + i)
  const batch = await readChunk(reader, indices)
  const tensors = tf.tidy(() => {
    const images = tf.tensor4d(batch.images, [indices.length, side, side, 3])
    return { images: filledUp(images, rows), labels: filledUp(tf.tensor1d(batch.labels, 'int32'), rows) }
  })
  return { ...batch, first, tensors }
}

/** What the model says of every image of the chunk as it is: one forward pass. */
export async function classify(logits: LogitsFunction, { tensors, digests }: Chunk): Promise<Sighting[]> {
  const answers = tf.tidy(() => {
    const values = batchPositionInvariant(logits)(tensors.images)
    return tf.stack([values.argMax(1).toFloat(), marginOf(values, tensors.labels)], 1)
  })
  const values = await answers.data()
  answers.dispose()
  return digests.map((image, i) =>
    requireFinite({ prediction: values[2 * i]!, margin: values[2 * i + 1]!, distance: 0 }, image),
  )
}
