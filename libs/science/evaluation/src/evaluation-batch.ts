import {
  marginOf,
  paddedBatch,
  passRows,
  requireFinite,
  type LogitsFunction,
  type PointPrediction,
} from '@gauntlet/attacks'
import { batchPositionInvariant, tf, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import { readChecked, type ImageBatch, type ImageReader } from './image-reader.ts'

/**
 * Images that are evaluated together. The tensors hold them first; further rows repeat the first image up to the rows
 * of a pass.
 */
export interface EvaluationBatch extends ImageBatch {
  /** Index of the first image in the test split. */
  readonly first: number
  readonly tensors: { readonly images: Tensor4D; readonly labels: Tensor1D }
}

/**
 * Reads the images from `first` on: at most `batchSize`, and no more than a pass has rows. The caller disposes of the
 * tensors.
 */
export async function readEvaluationBatch(
  reader: ImageReader,
  first: number,
  batchSize: number,
): Promise<EvaluationBatch> {
  const side = reader.resolution
  const rows = passRows([side, side, 3])
  const indices = Array.from({ length: Math.min(batchSize, rows, reader.count - first) }, (_, i) => first + i)
  const batch = await readChecked(reader, indices)
  const tensors = tf.tidy(() => {
    const images = tf.tensor4d(batch.images, [indices.length, side, side, 3])
    return { images: paddedBatch(images, rows), labels: paddedBatch(tf.tensor1d(batch.labels, 'int32'), rows) }
  })
  return { ...batch, first, tensors }
}

/** What the model predicts for every image of a batch as it is, by one forward pass. */
export async function predictBatch(
  logits: LogitsFunction,
  { tensors, digests }: EvaluationBatch,
): Promise<PointPrediction[]> {
  const predicted = tf.tidy(() => {
    const values = batchPositionInvariant(logits)(tensors.images)
    return tf.stack([values.argMax(1).toFloat(), marginOf(values, tensors.labels)], 1)
  })
  const values = await predicted.data()
  predicted.dispose()
  return digests.map((image, i) =>
    requireFinite({ prediction: values[2 * i]!, margin: values[2 * i + 1]!, distance: 0 }, image),
  )
}
