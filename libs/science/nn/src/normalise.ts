import { tf, type Tensor4D } from '@gauntlet/engine'

/** What a checkpoint expects of pixels in [0, 1], per channel in its own order. */
export interface Normalisation {
  readonly mean: readonly [number, number, number]
  readonly deviation: readonly [number, number, number]
  readonly channelOrder: 'rgb' | 'bgr'
}

/** The first layer of every model, so that attacks work on pixels. images: [batch, height, width, 3], RGB in [0, 1]. */
export function normalise(images: Tensor4D, { mean, deviation, channelOrder }: Normalisation): Tensor4D {
  const ordered = channelOrder === 'bgr' ? tf.reverse(images, 3) : images
  const [, , width] = images.shape
  const alongRow = (values: readonly number[]) =>
    tf.tensor1d(Array.from({ length: 3 * width }, (_, i) => values[i % 3]!))
  // Whole rows at once: the same numbers, but TensorFlow spreads a vector of 3 over the pixels some six times more
  // slowly.
  const rows = ordered.reshape([-1, 3 * width])
  return rows.sub(alongRow(mean)).div(alongRow(deviation)).reshape(images.shape)
}
