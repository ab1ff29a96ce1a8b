import { tf, type Tensor4D } from '@gauntlet/engine'

/**
 * Four images by formula, the same as in make_fixtures.py: a ramp, products, a chessboard and noise, all of integers
 * from 0 to 255.
 */
const formulas: readonly ((y: number, x: number, channel: number, side: number) => number)[] = [
  (y, x, channel) => (4 * x + 2 * y + 40 * channel) % 256,
  (y, x, channel) => (x * y + 85 * channel) % 256,
  (y, x, channel) => 255 * (((x >> 3) + (y >> 3) + channel) & 1),
  (y, x, channel, side) => Math.imul((y * side + x) * 3 + channel, 2654435761) >>> 24,
]

/** `count` of the images from `first` on: [count, side, side, 3] in [0, 1]. */
export function fixedImages(side: number, first = 0, count = formulas.length): Tensor4D {
  const pixels = formulas.slice(first, first + count).flatMap((formula) =>
    Array.from({ length: side * side * 3 }, (_, i) => {
      const position = Math.floor(i / 3)
      return formula(Math.floor(position / side), position % side, i % 3, side) / 255
    }),
  )
  return tf.tensor4d(Float32Array.from(pixels), [count, side, side, 3])
}
