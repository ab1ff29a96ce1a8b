import { tf, type Tensor2D } from '@gauntlet/engine'

/** An interval for every image, each end [batch, 1]. */
export interface Bracket {
  readonly low: Tensor2D
  readonly high: Tensor2D
}

/**
 * Halves every image's interval: where `above(middle)` holds, the low end moves up, else the high end down. A
 * projection or a selection that is found this way needs sums over an image but does not sort it.
 */
export function bisect(
  bracket: Bracket,
  middleOf: (bracket: Bracket) => Tensor2D,
  halvings: number,
  above: Above,
): Bracket {
  let { low, high } = bracket
  for (let i = 0; i < halvings; i++) {
    const middle = middleOf({ low, high })
    const moves = tf.tidy(() => above(middle))
    low = tf.where(moves, middle, low)
    high = tf.where(moves, high, middle)
  }
  return { low, high }
}

/** Whether the value that is searched for lies above these: [batch, 1] → boolean, [batch, 1]. */
export type Above = (values: Tensor2D) => Tensor2D

/** So many halvings narrow a range of a hundred powers of two to less than the spacing of float32 numbers. */
export const geometricHalvings = 32

/** The geometric mean of ends above 0, from two roots, since a product of small numbers would underflow. */
export function geometricMiddle({ low, high }: Bracket): Tensor2D {
  return low.sqrt().mul(high.sqrt())
}

/** The smallest part of a row's largest number that the search tells from 0. */
const negligible = 2 ** -100

/**
 * A threshold just below the value at `index` of each row in ascending order: the values above it are those from that
 * index on, and all that equal the first of them. sizes: [batch, count], none negative; index (from 0): [batch, 1];
 * same shape out.
 */
export function belowSorted(sizes: Tensor2D, index: Tensor2D): Tensor2D {
  const largest = sizes.max<Tensor2D>(1, true)
  // A power of two, so that no size is rounded.
  const scale = tf.pow<Tensor2D>(2, largest.log().div(Math.LN2).ceil().clipByValue(-126, 126))
  const scaled = sizes.div<Tensor2D>(scale)
  const few: Above = (values) => scaled.lessEqual(values).toFloat().sum<Tensor2D>(1, true).lessEqual(index)
  const low = tf.fill(largest.shape, negligible) as Tensor2D
  const found = bisect({ low, high: tf.onesLike(low) }, geometricMiddle, geometricHalvings, few)
  return tf.where(few(low), found.low.mul<Tensor2D>(scale), tf.zerosLike(low)) as Tensor2D
}
