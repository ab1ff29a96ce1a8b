import { repeatWhile, tf, type Scalar, type Tensor2D } from '@gauntlet/engine'

/*
 * Searches for one number of every image, [batch, 1], that need sums over the image but do not sort it. A search goes
 * on until it is done for every image and leaves alone the images that it is done for, so that an image's number does
 * not depend on the others.
 */

/**
 * The largest part of a sum over an image by which rounding moves it. A step from that close to the root is the last.
 */
const sumRounding = 2 ** -22
/** Most steps: after so many even halving alone would have ended. */
const enough = 96
/**
 * A step that is longer than this part of the one before counts as not converging: Newton's method can go to and fro
 * between two lines for ever.
 */
const shrinking = 0.75

/**
 * The λ ≥ 0 at which Σ clip(lengths − λ, 0, rooms) falls to `value`, [batch, 1]; 0 where the sum is never above it.
 * lengths, rooms: [batch, count], at least 0.
 *
 * It is found by Newton's method. Between two neighbouring values of lengths and of lengths − rooms the sum is a line,
 * so that the step from the root's own line hits the root, after some five steps. The sum is neither convex nor concave
 * where rooms are small, so that a step that would leave the interval in which the root must lie, or that is not
 * shorter than the one before, goes to the interval's middle.
 */
export function clippedSumRoot(lengths: Tensor2D, rooms: Tensor2D, value: Tensor2D): Tensor2D {
  return tf.tidy(() => {
    const high = lengths.max<Tensor2D>(1, true)
    const low = tf.zerosLike(high)
    const sums: ClippedSum = { lengths, rooms, value }
    const { at } = repeatWhile(
      ({ moved }) => moved.greater(0).any() as Scalar,
      newton({ at: low, low, high, moved: high.mul<Tensor2D>(2).add(1) }, sums),
      (search) => newton(search, sums),
      { atMost: enough },
    )
    return at
  })
}

type ClippedSum = {
  readonly lengths: Tensor2D
  readonly rooms: Tensor2D
  readonly value: Tensor2D
}

/** The state of the search; all are [batch, 1]. */
type Search = {
  readonly at: Tensor2D
  /** The ends of the interval in which the root must lie. */
  readonly low: Tensor2D
  readonly high: Tensor2D
  /** Length of the last step; 0 where the search is done. */
  readonly moved: Tensor2D
}

/**
 * One step of the rows that are not done. The slope is the one to the right of `at`: coordinates that are neither at 0
 * nor at their bound.
 */
function newton({ at, low, high, moved }: Search, { lengths, rooms, value }: ClippedSum): Search {
  const above = lengths.sub<Tensor2D>(at).relu<Tensor2D>()
  const clipped = above.minimum<Tensor2D>(rooms)
  const excess = clipped.sum<Tensor2D>(1, true).sub<Tensor2D>(value)
  // The number of coordinates above 0 without those at their bound; signs take a third of the time of comparisons.
  const falling = above.sign().sub(above.sub(clipped).sign()).sum<Tensor2D>(1, true)
  const isAbove = excess.greater(0)
  const [from, to] = [tf.where(isAbove, at, low), tf.where(isAbove, high, at)] as [Tensor2D, Tensor2D]
  const step = at.add<Tensor2D>(excess.div(falling))
  // False where nothing falls, since the step is then a division by 0.
  const isInside = step.greaterEqual(from).logicalAnd(step.lessEqual(to))
  const isShorter = step.sub(at).abs().lessEqual(moved.mul(shrinking))
  const next = tf.where(isInside.logicalAnd(isShorter), step, from.add(to).div(2)) as Tensor2D
  const goesOn = moved.greater(0)
  const isThere = excess.abs().lessEqual(value.mul(sumRounding))
  const last = tf.where(isInside, step, at)
  const further = tf.where(isThere, tf.zerosLike(moved), next.sub(at).abs()) as Tensor2D
  return {
    at: tf.where(goesOn, tf.where(isThere, last, next), at) as Tensor2D,
    low: from,
    high: to,
    moved: tf.where(goesOn, further, moved) as Tensor2D,
  }
}

/** Most steps of Newton's method, more than any image is known to need. */
const manySteps = 64

/**
 * The x at which Σ min(slopes · x, caps) reaches `value`, [batch, 1]; the largest of `ends` where the sum stays below.
 * slopes, caps: [batch, count], at least 0, and both 0 where one is; ends: the x at which each summand reaches its cap.
 *
 * It is found by Newton's method from the left. The sum is concave and made of lines, so that every step stays below
 * the root and the one from the root's own line hits it, after some five steps.
 */
export function cappedSumRoot(slopes: Tensor2D, caps: Tensor2D, ends: Tensor2D, value: Tensor2D): Tensor2D {
  return tf.tidy(() => {
    const last = ends.max<Tensor2D>(1, true)
    const step = (x: Tensor2D) => {
      const rising = ends.greater(x).toFloat()
      const capped = caps.sub(caps.mul(rising)).sum<Tensor2D>(1, true)
      const slope = slopes.mul(rising).sum<Tensor2D>(1, true)
      const next = value.sub(capped).div<Tensor2D>(slope.maximum(1e-30))
      return tf.where(slope.greater(0), next.minimum(last), last).maximum<Tensor2D>(x)
    }
    const start = tf.zerosLike(last)
    const { x } = repeatWhile(
      (carried) => carried.x.greater(carried.before).any() as Scalar,
      { x: step(start), before: start },
      (carried) => ({ x: step(carried.x), before: carried.x.clone() }),
      { atMost: manySteps },
    )
    return x
  })
}
