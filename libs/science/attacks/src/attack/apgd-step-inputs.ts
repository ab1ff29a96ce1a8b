import { tf, type Scalar, type Tensor2D } from '@gauntlet/engine'
import type { Ball } from '../balls/ball.ts'

/** The input of one APGD step, one row of a batch. */
export type ApgdStepInput = readonly [
  /** 1 where the step evaluates the start of a phase and does not move. */
  begins: number,
  /** 1 at the first iteration of a phase. */
  isFirst: number,
  /** 1 where the step size is checked after the step. */
  checks: number,
  /** The radius of the ball that the step stays in. */
  radius: number,
  /** 1 where that is the ball asked for, so that the point may count. */
  counts: number,
]

/**
 * The step inputs of a run: for each phase one step that evaluates its start, then its iterations. `phases`: their
 * radii over epsilon.
 */
export function apgdStepInputs(ball: Ball, iterations: number, phases: readonly number[] = [1]): ApgdStepInput[] {
  const lengths = phaseLengths(iterations, phases.length)
  return phases.flatMap((factor, phase) => {
    const checks = new Set(ball.ascent.checks(lengths[phase]!))
    const radius = factor * ball.epsilon
    const counts = phase === phases.length - 1 ? 1 : 0
    const iterates = Array.from({ length: lengths[phase]! }, (_, i): ApgdStepInput => [
      0,
      i === 0 ? 1 : 0,
      checks.has(i) ? 1 : 0,
      radius,
      counts,
    ])
    return [[1, 0, 0, radius, counts] satisfies ApgdStepInput, ...iterates]
  })
}

/**
 * Iterations of each phase: all but the last take 30 % of the iterations, rounded up, the last one takes the rest
 * (autopgd_base.py:487 to :490).
 */
export function phaseLengths(iterations: number, phases: number): number[] {
  const early = Array.from({ length: phases - 1 }, () => Math.ceil(0.3 * iterations))
  return [...early, Math.max(iterations - early.reduce((sum, length) => sum + length, 0), 0)]
}

/** Step input number `step` (int32) for each of `rows` rows: [rows, numbers of a step input]. */
export function stepInputsAt(inputs: readonly ApgdStepInput[], step: Scalar, rows: number): Tensor2D {
  return tf.tidy(() => {
    const table = tf.tensor2d(inputs.map((input) => [...input]))
    return tf.gather(table, step.reshape([1])).tile<Tensor2D>([rows, 1])
  })
}
