import { tf, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import type { Ascent } from './ascent.ts'

/** What the halving rule remembers, each [batch]. */
export type OscillationMemory = {
  /** Iterations since the last check in which the loss rose. */
  readonly rises: Tensor1D
  /** Iterations since the last check. */
  readonly watched: Tensor1D
  /** The best loss at the last check. */
  readonly bestAtCheck: Tensor1D
  /** 1 where the last check halved the step, else 0. */
  readonly halved: Tensor1D
}

/**
 * The step is kept where the loss rose in more than this share of the iterations since the last check (`rho`,
 * autopgd_base.py:115).
 */
const keepingShare = 0.75

/** Weight of the last move against the new step (1 − `a`, autopgd_base.py:326). */
const inertia = 0.25

/**
 * APGD's ascent in the Linf and L2 balls (Croce and Hein, arXiv:2003.01690, algorithm 1), as fra31/auto-attack@a3922004
 * runs it, off-by-ones included: steps with momentum, whose size is halved when the loss rises too rarely. Line numbers
 * are those of its `autoattack/autopgd_base.py`.
 */
export const momentumAscent: Ascent<OscillationMemory> = {
  initialStep: 2, // :293
  inertia,

  checks: oscillationChecks,

  begin: (_, startLoss) => ({
    rises: tf.zerosLike(startLoss),
    watched: tf.zerosLike(startLoss),
    bestAtCheck: startLoss.clone(), // :314
    halved: tf.onesLike(startLoss), // :315; 1 keeps `stuck` from holding at the first check
  }),

  /** z = P(x + s d), x' = P(x + a (z − x) + (1 − a)(x − x_previous)), :329 to :343; a is 1 at the first step (:326). */
  move(ball, { iterate, previous, gradient, stepSize, radius }, origin, inertia) {
    const ascended = iterate.add(ball.steepest(gradient).mul(stepSize.reshape([-1, 1, 1, 1]))) as Tensor4D
    const towards = ball.project(ascended, origin, radius).sub(iterate).mul(tf.sub(1, inertia))
    return ball.project(iterate.add(towards).add(iterate.sub(previous).mul(inertia)), origin, radius)
  },

  /**
   * Counts a rise where the new loss is above the one before, :169. The windows between checks touch and never overlap,
   * so that a running count equals the one that the reference takes over its table of losses. Its first comparison
   * reads the last row of that table (index −1), still zero: hence `before` is 0 at the first step, and a positive loss
   * counts as risen there.
   */
  observe: (memory, loss, before) => ({
    ...memory,
    rises: memory.rises.add(loss.greater(before).toFloat()),
    watched: memory.watched.add(1),
  }),

  /**
   * Halves the step and goes back to the best point where the loss rose too rarely, or where the last check did not
   * halve and no better point was found since, :408 to :422.
   */
  adapt(_, { stepSize, bestLoss, memory }) {
    const rare = memory.rises.lessEqual(memory.watched.mul(keepingShare))
    const stuck = memory.halved.equal(0).logicalAnd(memory.bestAtCheck.greaterEqual(bestLoss))
    const restart = rare.logicalOr(stuck) as Tensor1D
    const none = tf.zerosLike(memory.rises)
    return {
      restart,
      stepSize: tf.where(restart, stepSize.div<Tensor1D>(2), stepSize) as Tensor1D,
      memory: { rises: none, watched: none.clone(), bestAtCheck: bestLoss.clone(), halved: restart.toFloat() },
    }
  },
}

/**
 * The iterations (from 0) after which the step is checked: of 100 the 22nd, 41st, 57th, 70th, 80th, 87th, 93rd and
 * 99th. The first window takes 22 % of all iterations and each further one 3 % of them less, but no window less than
 * 6 %; all are rounded down, to at least 1 (:153 to :155, :424).
 */
export function oscillationChecks(iterations: number): number[] {
  const shareOf = (share: number) => Math.max(Math.trunc(share * iterations), 1)
  const checks: number[] = []
  let window = shareOf(0.22)
  for (let next = window - 1; next < iterations; next += window) {
    checks.push(next)
    window = Math.max(window - shareOf(0.03), shareOf(0.06))
  }
  return checks
}
