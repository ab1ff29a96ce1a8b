import { tf, type Tensor2D } from '@gauntlet/engine'

/** An interval for every image, each end [batch, 1]. */
export interface Bracket {
  readonly low: Tensor2D
  readonly high: Tensor2D
}

/**
 * Halves every image's interval: where `above(middle)` holds, the low end moves up, else the high end down. A
 * projection or a selection found this way needs sums over an image and no sort of it.
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

/** Whether what is sought lies above these values: [batch, 1] → boolean, [batch, 1]. */
export type Above = (values: Tensor2D) => Tensor2D

/**
 * 32 halvings of the exponents' interval narrow a range of a hundred powers of two to less than the spacing of float32
 * numbers.
 */
export const geometricHalvings = 32

/** For ends above 0. Two roots, since a product of small numbers would underflow. */
export function geometricMiddle({ low, high }: Bracket): Tensor2D {
  return low.sqrt().mul(high.sqrt())
}

/** The smallest number beside a row's largest that the search tells from 0, as a part of it. */
const negligible = 2 ** -100

/**
 * A value that at most `place` of each row's values do not exceed, and that value `place` in ascending order (from 0)
 * does: the values above it are those from that place on, its equals included. [batch, 1]. sizes: [batch, count], none
 * negative; place: [batch, 1].
 */
export function belowPlace(sizes: Tensor2D, place: Tensor2D): Tensor2D {
  const largest = sizes.max<Tensor2D>(1, true)
  // A power of two, so that no size is rounded.
  const scale = tf.pow<Tensor2D>(2, largest.log().div(Math.LN2).ceil().clipByValue(-126, 126))
  const scaled = sizes.div<Tensor2D>(scale)
  const few: Above = (values) => scaled.lessEqual(values).toFloat().sum<Tensor2D>(1, true).lessEqual(place)
  const low = tf.fill(largest.shape, negligible) as Tensor2D
  const found = bisect({ low, high: tf.onesLike(low) }, geometricMiddle, geometricHalvings, few)
  return tf.where(few(low), found.low.mul<Tensor2D>(scale), tf.zerosLike(low)) as Tensor2D
}
