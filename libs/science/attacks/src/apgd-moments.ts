import { tf, type Scalar, type Tensor2D } from '@gauntlet/engine'
import type { Ball } from './ball.ts'

/** What one step of APGD is told. */
export type Moment = readonly [
  /** 1 where the step looks at a start and does not move. */
  begins: number,
  /** 1 at the first iteration of a phase. */
  isFirst: number,
  /** 1 where the schedule is checked after the step. */
  checks: number,
  radius: number,
  /** 1 where the points lie in the ball asked for. */
  counts: number,
]

/** The moments of a run: in each phase a look at its start, then its iterations. `phases`: their radii over epsilon. */
export function apgdMoments(ball: Ball, iterations: number, phases: readonly number[] = [1]): Moment[] {
  const lengths = phaseLengths(iterations, phases.length)
  return phases.flatMap((factor, phase) => {
    const checks = new Set(ball.ascent.checks(lengths[phase]!))
    const radius = factor * ball.epsilon
    const counts = phase === phases.length - 1 ? 1 : 0
    const iterates = Array.from({ length: lengths[phase]! }, (_, i): Moment => [
      0,
      i === 0 ? 1 : 0,
      checks.has(i) ? 1 : 0,
      radius,
      counts,
    ])
    return [[1, 0, 0, radius, counts] satisfies Moment, ...iterates]
  })
}

/**
 * All but the last phase take 30 % of the iterations, rounded up, the last one the rest (autopgd_base.py:487 to :490).
 */
export function phaseLengths(iterations: number, phases: number): number[] {
  const early = Array.from({ length: phases - 1 }, () => Math.ceil(0.3 * iterations))
  return [...early, Math.max(iterations - early.reduce((sum, length) => sum + length, 0), 0)]
}

/** The cues of `rows` rows that all stand at moment `number` (int32): [rows, numbers of a moment]. */
export function cuesAt(moments: readonly Moment[], number: Scalar, rows: number): Tensor2D {
  return tf.tidy(() => {
    const table = tf.tensor2d(moments.map((moment) => [...moment]))
    return tf.gather(table, number.reshape([1])).tile<Tensor2D>([rows, 1])
  })
}
