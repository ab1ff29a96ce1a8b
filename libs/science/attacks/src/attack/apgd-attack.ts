import { tf, type RandomKey, type Tensor1D, type Tensor2D } from '@gauntlet/engine'
import { apgdStepInputs } from './apgd-step-inputs.ts'
import { apgdStart, apgdStep, type ApgdStepSettings } from './apgd-step.ts'
import type { ApgdState } from '../balls/ascent.ts'
import type { Attack, RunInputs } from './attack.ts'

/** APGD as an ensemble runs it. */
export interface ApgdSettings extends ApgdStepSettings {
  readonly name: string
  readonly iterations: number
  /** Runs for every target, each from a random start of its own. */
  readonly restarts: number
  /**
   * Number of target classes: the second, third … most likely on the clean image (autopgd_base.py:655, :668). With 0
   * the loss aims at none.
   */
  readonly targets: number
  /** Iterations of a short run in the ball itself before all others; 0 unless given. */
  readonly opening?: number
}

/**
 * APGD as an attack of an ensemble, on rows that stand at iterations of their own.
 *
 * Departure: an `opening`. Points in the larger balls of the first phases count for nothing (autopgd_base.py:561), so
 * that the reference takes every image through 60 iterations before the first that may fell it. A short run in the ball
 * itself fells nearly all that fall (test/benchmarks/LOG.md). The runs after it are those of the reference,
 * with the same noise as without an opening.
 */
export function apgdAttack(settings: ApgdSettings): Attack {
  const { name, ball, iterations, restarts, targets, phases = [1], opening = 0, samples = 1 } = settings
  const stepInputs = apgdStepInputs(ball, iterations, phases)
  const openingInputs = opening > 0 ? apgdStepInputs(ball, opening) : []
  const openings = opening > 0 ? 1 : 0
  return {
    name,
    runs: openings + restarts * Math.max(targets, 1),
    steps: stepInputs.length,
    opening: opening > 0 ? openingInputs.length : undefined,
    blockSteps: 10,
    targetRank: (run) => (targets > 0 ? 1 + Math.floor(Math.max(run - openings, 0) / restarts) : null),
    cost: { forwards: samples, backwards: samples },
    runInputs: ({ seed, image, run }, shape): RunInputs => {
      const isOpening = run < openings
      const purpose = `${name}/${ball.norm}/${isOpening ? 'opening' : 'start'}`
      const key: RandomKey = { seed, purpose, image, iteration: isOpening ? 0 : run - openings }
      const inputs = isOpening ? openingInputs : stepInputs
      return { noise: ball.draw(key, shape[0] * shape[1] * shape[2]), stepInput: (step) => inputs[step]! }
    },
    initialState: (images, noise) =>
      tf.tidy(() => {
        const radius = tf.fill([images.shape[0]], phases[0]! * ball.epsilon) as Tensor1D
        return apgdStart(settings, ball.spread(noise.reshape(images.shape), images, radius), images)
      }),
    step: (problem, state, inputs) => apgdStep(settings, problem, state as ApgdState, inputs as Tensor2D),
  }
}
