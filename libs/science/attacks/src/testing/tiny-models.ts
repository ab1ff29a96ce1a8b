import { affine, normal, tf, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import type { LogitsFunction } from '../attack/loss.ts'

/** Side of the test images, in pixels. */
const side = 4
export const coordinates = side * side * 3
export const classes = 5

/** Weights of the two-layer network, row by row: [coordinates, hidden] and [hidden, classes]. */
export const hidden = 8
export const first = normal({ seed: 1, purpose: 'tiny-model/first' }, coordinates * hidden).map((value) => value * 0.3)
export const second = normal({ seed: 1, purpose: 'tiny-model/second' }, hidden * classes)

/** x → tanh(x W₁) W₂. It is smooth, so that an attack on it has the same trajectory in any precision. */
export const tinyNetwork: LogitsFunction = (images) => {
  const inner = affine(images.reshape<Tensor2D>([-1, coordinates]), tf.tensor2d(first, [coordinates, hidden]))
  return affine(inner.tanh<Tensor2D>(), tf.tensor2d(second, [hidden, classes]))
}

/** Weights of the convolution, [3, 3, 3, classes]. */
export const third = normal({ seed: 2, purpose: 'tiny-model/kernel' }, 27 * classes)

/** A small convolution, a rectifier and a global mean, with kinks and dead gradients as vision models have. */
export const tinyConvolution: LogitsFunction = (images) => {
  const kernel = tf.tensor4d(third, [3, 3, 3, classes])
  return tf.conv2d(images, kernel, 1, 'same').relu().mean<Tensor2D>([1, 2]).mul(4)
}

/** Images from plain numbers. */
export function imagesOf(rows: readonly ArrayLike<number>[]): Tensor4D {
  const values = new Float32Array(rows.length * coordinates)
  rows.forEach((row, i) => values.set(row, i * coordinates))
  return tf.tensor4d(values, [rows.length, side, side, 3])
}

/** The rows of a batch as plain numbers. */
export function rowsOf(images: Tensor4D): Float32Array[] {
  const values = images.dataSync() as Float32Array
  return Array.from({ length: images.shape[0] }, (_, i) => values.slice(i * coordinates, (i + 1) * coordinates))
}
