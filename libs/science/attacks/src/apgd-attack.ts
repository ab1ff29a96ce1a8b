import { tf, type RandomKey, type Tensor1D } from '@gauntlet/engine'
import { apgdMoments } from './apgd-moments.ts'
import { apgdStart, apgdStep, type Climb } from './apgd-step.ts'
import type { ApgdState } from './ascent.ts'
import type { Attack, Script } from './attack.ts'

/** APGD as an ensemble runs it. */
export interface ApgdSettings extends Climb {
  readonly name: string
  readonly iterations: number
  /** Runs for every target, each from a random start of its own. */
  readonly restarts: number
  /**
   * Target classes: the second, third … most likely on the clean image (autopgd_base.py:655, :668). 0: the loss aims at
   * none.
   */
  readonly targets: number
  /**
   * Iterations in the ball itself in a run of its own before all others, where phases have larger radii; 0 unless
   * given.
   */
  readonly opening?: number
}

/**
 * APGD on rows that stand at iterations of their own.
 *
 * Departure: an `opening`. Points in the balls of the first phases count for nothing (autopgd_base.py:561), so that the
 * reference brings every image through 60 iterations before the first look that may fell it. A short run in the ball
 * itself fells nearly all that fall (test/benchmarks/LOG.md); the runs after it are the reference's, with their own
 * noise.
 */
export function apgdAttack(settings: ApgdSettings): Attack {
  const { name, ball, iterations, restarts, targets, phases = [1], opening = 0, samples = 1 } = settings
  const moments = apgdMoments(ball, iterations, phases)
  const openingMoments = opening > 0 ? apgdMoments(ball, opening) : []
  const openings = opening > 0 ? 1 : 0
  return {
    name,
    runs: openings + restarts * Math.max(targets, 1),
    steps: moments.length,
    opening: opening > 0 ? openingMoments.length : undefined,
    block: 10,
    targetRank: (run) => (targets > 0 ? 1 + Math.floor(Math.max(run - openings, 0) / restarts) : null),
    cost: { forwards: samples, backwards: samples },
    script: ({ seed, image, run }, shape): Script => {
      const isOpening = run < openings
      const purpose = `${name}/${ball.norm}/${isOpening ? 'opening' : 'start'}`
      const key: RandomKey = { seed, purpose, image, iteration: isOpening ? 0 : run - openings }
      const told = isOpening ? openingMoments : moments
      return { start: ball.draw(key, shape[0] * shape[1] * shape[2]), cue: (step) => told[step]! }
    },
    enter: (images, noise) =>
      tf.tidy(() => {
        const radius = tf.fill([images.shape[0]], phases[0]! * ball.epsilon) as Tensor1D
        return apgdStart(settings, ball.spread(noise.reshape(images.shape), images, radius), images)
      }),
    step: (target, state, cues) => apgdStep(settings, target, state as ApgdState, cues),
  }
}
