import { repeatWhile, tf, type Scalar, type Tensor2D } from '@gauntlet/engine'

/**
 * Searches for a number of every image, [batch, 1], that need sums over the image and no sort of it. Each goes on until
 * the last image's is found, and leaves alone what is found: a row's number does not depend on the others.
 */

/** What rounding moves a sum over an image by at most, as a part of it: the step from there is the last. */
const sumRounding = 2 ** -22
/** Steps after which halving alone would have ended. */
const enough = 96
/**
 * A step longer than this part of the one before does not converge: between two lines Newton's method can go to and fro
 * for ever.
 */
const shrinking = 0.75

/**
 * The λ ≥ 0 at which Σ clip(lengths − λ, 0, rooms) falls to `value`, [batch, 1]; 0 where it is not above it anyway.
 * lengths, rooms: [batch, count], at least 0.
 *
 * Newton's method: the sum is a line between two lengths (or lengths less rooms), so that the step from the root's own
 * line hits it, after some five. It is neither convex nor concave where rooms are small, so a step that leaves the
 * interval in which the root is known to lie, or is not shorter than the one before, goes to its middle.
 */
export function clippedSumRoot(lengths: Tensor2D, rooms: Tensor2D, value: Tensor2D): Tensor2D {
  return tf.tidy(() => {
    const high = lengths.max<Tensor2D>(1, true)
    const low = tf.zerosLike(high)
    const sums: ClippedSum = { lengths, rooms, walls: lengths.sub(rooms), value }
    const { at } = repeatWhile(
      ({ moved }) => moved.greater(0).any() as Scalar,
      newton({ at: low, low, high, moved: high.mul<Tensor2D>(2).add(1) }, sums),
      (search) => newton(search, sums),
      { atMost: enough },
    )
    return at
  })
}

/** `walls`: λ above which a coordinate is no longer at its wall. */
type ClippedSum = {
  readonly lengths: Tensor2D
  readonly rooms: Tensor2D
  readonly walls: Tensor2D
  readonly value: Tensor2D
}

/**
 * All [batch, 1]: where the search stands, between which ends, and how far its last step went; 0 where it has ended.
 */
type Search = { readonly at: Tensor2D; readonly low: Tensor2D; readonly high: Tensor2D; readonly moved: Tensor2D }

/** One step of the rows that still move. The slope is that to the right: what moves freely and has not come to 0. */
function newton({ at, low, high, moved }: Search, { lengths, rooms, walls, value }: ClippedSum): Search {
  const excess = lengths.sub(at).relu().minimum(rooms).sum<Tensor2D>(1, true).sub<Tensor2D>(value)
  const falling = lengths.greater(at).toFloat().sub(walls.greater(at).toFloat()).sum<Tensor2D>(1, true)
  const isAbove = excess.greater(0)
  const [from, to] = [tf.where(isAbove, at, low), tf.where(isAbove, high, at)] as [Tensor2D, Tensor2D]
  const step = at.add<Tensor2D>(excess.div(falling))
  const isInside = step.greaterEqual(from).logicalAnd(step.lessEqual(to)) // false where nothing falls: a division by 0
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

/** Steps of Newton's method that no image is known to need. */
const manySteps = 64

/**
 * Where Σ min(slopes · x, caps) reaches `value` from below; slopes and caps [batch, count], at least 0 (both where one
 * is), `ends` the x at which each summand reaches its cap. Newton's method from the left: the sum is concave and made
 * of lines, so that every step stays below the root and the one from the root's own line hits it, after some five.
 * Where the sum stays below, its last end.
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
