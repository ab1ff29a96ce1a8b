import { tf, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import type { ApgdState } from './ascent.ts'
import type { Ball } from './ball.ts'
import { inspect, type Inspection } from './inspection.ts'
import { crossEntropy, type LogitsFunction, type Loss } from './loss.ts'
import { releaseReplaced, whichever } from './tensor-tree.ts'

/** What APGD is up against. images: [batch, height, width, 3] in [0, 1]; labels: [batch], int32. */
export interface ApgdProblem {
  readonly logits: LogitsFunction
  readonly loss: Loss
  readonly ball: Ball
  readonly images: Tensor4D
  readonly labels: Tensor1D
  /** For losses that aim at a class: [batch], int32. */
  readonly targets?: Tensor1D
  readonly iterations: number
}

/** A state, the newest point and what the model said of it. Where a check went back to the best point, the state's iterate is not that point. */
export type ApgdStep = { readonly state: ApgdState; readonly point: Tensor4D; readonly inspection: Inspection }

/** The state before the first step. `start` lies inside ball and box; its loss counts for the best point but not for the schedule (autopgd_base.py:291). */
export function apgdBegin(problem: ApgdProblem, start: Tensor4D): ApgdStep {
  return tf.tidy(() => {
    const { ball, images } = problem
    const inspection = inspect(problem, start)
    const { loss, gradient } = inspection
    const radius = tf.fill(loss.shape, ball.epsilon) as Tensor1D
    const stepSize = radius.mul<Tensor1D>(ball.ascent.initialStep)
    const memory = ball.ascent.begin(images, loss)
    const points = { iterate: start.clone(), previous: start.clone(), best: start.clone() }
    return {
      state: { ...points, gradient, loss, bestGradient: gradient.clone(), bestLoss: loss.clone(), stepSize, radius, memory },
      point: points.iterate,
      inspection,
    }
  })
}

/** Iteration `iteration` (from 0) of the algorithm. Pure: the state handed in is not changed and not disposed, and nothing is read to the host. */
export function apgdStep(problem: ApgdProblem, state: ApgdState, iteration: number): ApgdStep {
  return tf.tidy(() => {
    const { ball, images } = problem
    const { ascent } = ball
    const iterate = ascent.move(ball, state, images, iteration > 0 ? ascent.inertia : 0)
    const inspection = inspect(problem, iterate)
    const { loss, gradient } = inspection
    const before = iteration > 0 ? state.loss : tf.zerosLike(loss)
    const moved = { ...state, ...bestOf(state, iterate, inspection), iterate, previous: state.iterate, gradient, loss }
    const observed = { ...moved, memory: ascent.observe(state.memory, loss, before) }
    const checked = ascent.checks(problem.iterations).includes(iteration)
    return { state: checked ? adapted(problem, observed) : observed, point: iterate, inspection }
  })
}

/** What an attack of training is told. */
export interface ApgdRun {
  readonly logits: LogitsFunction
  readonly ball: Ball
  readonly iterations: number
  /** [batch, height, width, 3] in [0, 1]. */
  readonly images: Tensor4D
  /** [batch], int32. */
  readonly labels: Tensor1D
  /** `clean`: from the images themselves, as adversarial training does; otherwise points inside ball and box. */
  readonly start: 'clean' | Tensor4D
  /** Cross-entropy unless told otherwise. */
  readonly loss?: Loss
}

/** The iterates of highest loss that APGD finds, the start included; same shape as the images. All iterations are run for all images. */
export function apgd({ logits, ball, iterations, images, labels, start, loss = crossEntropy }: ApgdRun): Tensor4D {
  const problem = { logits, loss, ball, images, labels, iterations }
  return tf.tidy(() => {
    let last = apgdBegin(problem, start === 'clean' ? images : start)
    for (let iteration = 0; iteration < iterations; iteration++) {
      const next = apgdStep(problem, last.state, iteration)
      releaseReplaced(last, next)
      last = next
    }
    return last.state.best
  })
}

/** A strictly higher loss replaces the best point (:397); a loss that is not a number never does. */
export function bestOf(state: ApgdState, iterate: Tensor4D, { loss, gradient }: Pick<Inspection, 'loss' | 'gradient'>) {
  const better = loss.greater<Tensor1D>(state.bestLoss)
  return {
    best: whichever(better, iterate, state.best),
    bestGradient: whichever(better, gradient, state.bestGradient),
    bestLoss: tf.where(better, loss, state.bestLoss) as Tensor1D,
  }
}

/**
 * The state after a check. Where the schedule says so, the next step starts from the best point (:421, :435); `previous` stays, so that the next
 * momentum is that point minus the one the last step started from, and `loss` stays, since the reference compares with the loss it last wrote.
 */
function adapted({ ball, images }: ApgdProblem, state: ApgdState): ApgdState {
  const { restart, stepSize, memory } = ball.ascent.adapt(ball, state, images)
  const iterate = whichever(restart, state.best, state.iterate)
  const gradient = whichever(restart, state.bestGradient, state.gradient)
  return { ...state, iterate, gradient, stepSize, memory }
}
