import { tf, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import type { Ascent } from './ascent.ts'

/** What the sparsity rule remembers, each [batch]. */
export type SparsityMemory = {
  /** The share of the coordinates that the next step moves. */
  readonly share: Tensor1D
  /** Coordinates in which the best point differed from the image at the last check. */
  readonly support: Tensor1D
}

/** The share that moves until the first check, where no start is given (autopgd_base.py:303). */
const firstShare = 0.2
/** The best point's share is divided by this for the next one (:429). */
const shareShrink = 1.5
/** A support below this part of the one before counts as shrunk (:428). */
const shrunkBelow = 0.95
/** The step is divided by this where the support did not shrink (:309). */
const stepShrink = 1.5
/** The smallest step is epsilon over this (:310). */
const smallestStep = 10

/**
 * APGD's ascent in the L1 ball (Croce and Hein, arXiv:2103.01208), as fra31/auto-attack@a3922004 runs it: sparse steps
 * without momentum, whose sparsity follows that of the best point. Line numbers are those of its
 * `autoattack/autopgd_base.py`.
 *
 * Departure: offsets are exactly zero where nothing was moved. The reference's x + y − y can leave rounding noise,
 * which its exact count of non-zeros then takes for support.
 */
export const sparseAscent: Ascent<SparsityMemory> = {
  initialStep: 1, // :293
  inertia: 0, // no momentum, :346

  /** A check comes every 4 % of the iterations, rounded down to at least 1 (:300); that never changes (:439). */
  checks(iterations) {
    const window = Math.max(Math.trunc(0.04 * iterations), 1)
    return Array.from({ length: Math.floor(iterations / window) }, (_, i) => (i + 1) * window - 1)
  },

  /** A memory as :303 where no start is given, and as :306 where one is. */
  begin(origin, startLoss, given) {
    if (given) return memoryOf(supportOf(given, origin), origin)
    return { share: tf.fill(startLoss.shape, firstShare), support: tf.fill(startLoss.shape, coordinates(origin)) }
  },

  /** x' = P(x + s d), d sparse and of unit L1 size (:347 to :356). */
  move(ball, { iterate, gradient, stepSize, radius, memory }, origin) {
    const ascended = iterate.add(ball.steepest(gradient, memory.share).mul(stepSize.reshape([-1, 1, 1, 1]))) as Tensor4D
    return ball.project(ascended, origin, radius)
  },

  observe: (memory) => memory,

  /**
   * Where the support has shrunk, the ascent goes back to the best point with the full step, else the step shrinks
   * (:427 to :436).
   */
  adapt(_, { best, stepSize, radius, memory }, origin) {
    const support = supportOf(best, origin)
    const restart = support.div(memory.support).less(shrunkBelow) as Tensor1D // 0 / 0 is not below
    const smaller = stepSize.div(stepShrink).maximum(radius.div(smallestStep)).minimum(radius)
    return { restart, stepSize: tf.where(restart, radius, smaller) as Tensor1D, memory: memoryOf(support, origin) }
  },
}

function memoryOf(support: Tensor1D, origin: Tensor4D): SparsityMemory {
  return { share: support.div(coordinates(origin)).div(shareShrink), support }
}

/** Coordinates in which each point differs from its origin, [batch]. */
function supportOf(point: Tensor4D, origin: Tensor4D): Tensor1D {
  return point.sub(origin).notEqual(0).toFloat().sum([1, 2, 3])
}

function coordinates(origin: Tensor4D): number {
  return origin.shape[1] * origin.shape[2] * origin.shape[3]
}
