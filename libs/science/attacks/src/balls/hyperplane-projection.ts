import { tf, type Tensor1D, type Tensor2D } from '@gauntlet/engine'
import { bisect, geometricHalvings, geometricMiddle } from './bisection.ts'
import { cappedSumRoot } from './root-finding.ts'

/*
 * The three projections of FAB (Croce and Hein, arXiv:1907.02044, section 3.1): the shortest offset from a point t of
 * the box [0, 1] to the points of the box with w · x = b. Each moves coordinates only where w · x changes towards b.
 * Where the box has no such point, every coordinate goes to its bound. `gap` is w · t − b, given by the caller, who
 * knows it without the rounding of two large sums.
 *
 * The reference (fra31/auto-attack@a3922004, fab_projections.py) sorts the coordinates and finds the multiplier in
 * cumulative sums. Here Newton's method finds it (`cappedSumRoot`), in the L1 ball bisection: they need sums alone and
 * give the same numbers.
 */

/** The way from the points to the hyperplane. */
interface Descent {
  /** The distance of w · t from b, at least 0; [rows, 1]. */
  readonly excess: Tensor2D
  /** |w|. */
  readonly steepness: Tensor2D
  /** The room of each coordinate up to its bound, on the side on which |w · x − b| falls. */
  readonly room: Tensor2D
  /** That side, −1 or 1; 0 where w is 0. */
  readonly side: Tensor2D
}

function descentOf(points: Tensor2D, slope: Tensor2D, gap: Tensor1D): Descent {
  const excess = gap.abs().reshape<Tensor2D>([-1, 1])
  const way = tf.where(gap.greaterEqual(0), tf.fill(gap.shape, -1), tf.onesLike(gap)).reshape([-1, 1])
  const side = slope.sign().mul<Tensor2D>(way)
  const room = tf.where(side.greater(0), tf.scalar(1).sub(points), points) as Tensor2D
  return { excess, steepness: slope.abs(), room, side }
}

/** All coordinates move by λ or to their bound: Σ |w| min(λ, room) = excess (projection_linf). */
export function linfTowardsHyperplane(points: Tensor2D, slope: Tensor2D, gap: Tensor1D): Tensor2D {
  return tf.tidy(() => {
    const { excess, steepness, room, side } = descentOf(points, slope, gap)
    const by = cappedSumRoot(steepness, steepness.mul(room), room, excess)
    return side.mul(room.minimum(by))
  })
}

/** Slopes below this count as 0, as in the reference (fab_projections.py:72, :83, :162). */
const flat = 1e-8
/** Ratio of the ends from which the search for the threshold starts. */
const widest = 2 ** -100

/** Coordinates move by α |w| or to their bound: Σ |w| min(α |w|, room) = excess (projection_l2). */
export function l2TowardsHyperplane(points: Tensor2D, slope: Tensor2D, gap: Tensor1D): Tensor2D {
  return tf.tidy(() => {
    const { excess, steepness, room, side } = descentOf(points, slope, gap)
    const counted = steepness.mul<Tensor2D>(steepness.greater(flat).toFloat())
    const ends = room.div<Tensor2D>(steepness.maximum(flat))
    const by = cappedSumRoot(counted.square(), counted.mul(room), ends, excess)
    return side.mul(counted.mul(by).minimum(room))
  })
}

/**
 * The steepest coordinates go to their bounds, one after the other, until the excess is gone (projection_l1): those
 * steeper than a threshold move wholly, those at the threshold in part. Departure: coordinates of exactly equal
 * steepness share that part, where the reference moves them in the order of its sort.
 */
export function l1TowardsHyperplane(points: Tensor2D, slope: Tensor2D, gap: Tensor1D): Tensor2D {
  return tf.tidy(() => {
    const { excess, steepness, room, side } = descentOf(points, slope, gap)
    const counted = steepness.mul<Tensor2D>(steepness.greater(flat).toFloat())
    const fall = counted.mul<Tensor2D>(room)
    const above = (threshold: Tensor2D) => counted.greater(threshold).toFloat() as Tensor2D
    const fallAbove = (threshold: Tensor2D) => fall.mul(above(threshold)).sum<Tensor2D>(1, true)
    const high = counted.max<Tensor2D>(1, true).maximum<Tensor2D>(flat)
    const whole = { low: high.mul<Tensor2D>(widest), high }
    const bracket = bisect(whole, geometricMiddle, geometricHalvings, (threshold) =>
      fallAbove(threshold).greater(excess),
    )
    const [wholly, atMost] = [fallAbove(bracket.high), fallAbove(bracket.low)]
    const part = excess.sub(wholly).div(atMost.sub(wholly).maximum(1e-30)).clipByValue(0, 1)
    const [full, partial] = [above(bracket.high), above(bracket.low)]
    return side.mul(room).mul(full.add(partial.sub(full).mul(part)))
  })
}
