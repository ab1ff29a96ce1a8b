import { tf, type Tensor4D } from '@gauntlet/engine'

/**
 * What a checkpoint expects to be done to pixels in [0, 1]. Mean and deviation are per channel, in the checkpoint's
 * order.
 */
export interface Normalisation {
  readonly mean: readonly [number, number, number]
  readonly deviation: readonly [number, number, number]
  readonly channelOrder: 'rgb' | 'bgr'
}

/**
 * Normalises images: the first layer of every model, so that attacks work on pixels. images: [batch, height, width, 3],
 * RGB in [0, 1].
 */
export function normalise(images: Tensor4D, { mean, deviation, channelOrder }: Normalisation): Tensor4D {
  const ordered = channelOrder === 'bgr' ? tf.reverse(images, 3) : images
  const [, , width] = images.shape
  const alongRow = (values: readonly number[]) =>
    tf.tensor1d(Array.from({ length: 3 * width }, (_, i) => values[i % 3]!))
  // Normalises whole rows at once. The numbers are the same, but TensorFlow broadcasts a vector of 3 over the pixels
  // some six times more slowly.
  const rows = ordered.reshape([-1, 3 * width])
  return rows.sub(alongRow(mean)).div(alongRow(deviation)).reshape(images.shape)
}
