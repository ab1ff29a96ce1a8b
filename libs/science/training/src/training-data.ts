import { tf, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import { InvalidInput } from '@gauntlet/study'

/** The images of one split. */
export interface TrainingData {
  readonly count: number
  /** Side of the square images, in pixels. */
  readonly resolution: number
  /**
   * Images [indices, side, side, 3] in [0, 1] and their labels. `epoch` (from 0) keys the augmentation, so that an
   * image has the same bytes however often it is read in an epoch.
   */
  read(indices: readonly number[], epoch: number): Promise<{ images: Float32Array; labels: Int32Array }>
  /** Takes back the images of a batch that is disposed of, as memory for another one. */
  reuse?(images: Float32Array): void
}

/** A micro-batch as tensors. */
export interface Batch {
  readonly images: Tensor4D
  /** int32, [size]. */
  readonly labels: Tensor1D
  readonly size: number
  /** Gives the memory that the images were read into back. */
  readonly release?: () => void
}

/** Reads images as tensors. The caller disposes of the batch. */
export async function readBatch(
  data: TrainingData,
  indices: readonly number[],
  epoch: number,
  classes: number,
): Promise<Batch> {
  const { images, labels } = await data.read(indices, epoch)
  const side = data.resolution
  if (images.length !== indices.length * side * side * 3 || labels.length !== indices.length) {
    throw new InvalidInput(
      `Reading ${indices.length} images of ${side} × ${side} gave ${images.length} values and ${labels.length} labels; prepare the dataset again.`,
    )
  }
  const unknown = labels.find((label) => label < 0 || label >= classes)
  if (unknown !== undefined)
    throw new InvalidInput(
      `The images have label ${unknown}, but the head has ${classes} classes; set the dataset's classes.`,
    )
  return {
    images: tf.tensor4d(images, [indices.length, side, side, 3]),
    labels: tf.tensor1d(labels, 'int32'),
    size: indices.length,
    release: () => data.reuse?.(images),
  }
}

export function disposeBatch({ images, labels, release }: Batch): void {
  tf.dispose([images, labels])
  release?.()
}
