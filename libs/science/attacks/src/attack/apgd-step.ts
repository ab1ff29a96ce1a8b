import { tf, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import type { ApgdState } from '../balls/ascent.ts'
import type { AttackProblem, AttackStep } from './attack.ts'
import type { Ball } from '../balls/ball.ts'
import { selectRows } from './batch-rows.ts'
import { evaluateLoss, type LossEvaluation } from './loss-evaluation.ts'
import type { Loss } from './loss.ts'
import { perImage } from '../balls/per-image.ts'

/** How a step of APGD ascends. */
export interface ApgdStepSettings {
  readonly ball: Ball
  readonly loss: Loss
  /** The radii of the phases over epsilon: [1], or 3, 2, 1 in L1 (`use_largereps`, autopgd_base.py:486). */
  readonly phases?: readonly number[]
  /** How many gradients are averaged for one step (`eot_iter`). */
  readonly samples?: number
}

/** An attack step whose state is APGD's. */
export type ApgdStep = Omit<AttackStep, 'state'> & { readonly state: ApgdState }

/**
 * The state of rows at their starts, before any loss is known. `start`: [batch, height, width, channels], in the box
 * and in the first phase's ball around `origin`.
 */
export function apgdStart({ ball, phases = [1] }: ApgdStepSettings, start: Tensor4D, origin: Tensor4D): ApgdState {
  return tf.tidy(() => {
    const zeros = tf.zeros([origin.shape[0]]) as Tensor1D
    const points = { iterate: start.clone(), previous: start.clone(), best: start.clone() }
    const gradients = { gradient: tf.zerosLike(start), bestGradient: tf.zerosLike(start) }
    return {
      ...points,
      ...gradients,
      loss: zeros,
      bestLoss: tf.fill(zeros.shape, -Infinity) as Tensor1D,
      stepSize: zeros.clone(),
      radius: tf.fill(zeros.shape, phases[0]! * ball.epsilon) as Tensor1D,
      memory: ball.ascent.begin(origin, zeros, start),
    }
  })
}

/**
 * One step of every row. stepInputs: [batch, numbers of an `ApgdStepInput`]. A phase starts from the point of highest
 * loss of the phase before, projected into its own ball (autopgd_base.py:561). The loss at that start counts for the
 * best point but not for the step-size schedule (:291). Pure: the state handed in is neither changed nor disposed of,
 * and nothing is read to the host.
 */
export function apgdStep(
  settings: ApgdStepSettings,
  problem: AttackProblem,
  state: ApgdState,
  stepInputs: Tensor2D,
): ApgdStep {
  return tf.tidy(() => {
    const { ball, loss, samples = 1, phases = [1] } = settings
    const { images } = problem
    const [begins, isFirst, checks, radius, counts] = tf.unstack(stepInputs, 1) as [
      Tensor1D,
      Tensor1D,
      Tensor1D,
      Tensor1D,
      Tensor1D,
    ]
    const beginning = begins.greater<Tensor1D>(0)
    const inertia = perImage(tf.sub(1, isFirst.maximum(begins)).mul(ball.ascent.inertia))
    const ready = { ...state, radius }
    const isPhased = phases.length > 1
    const moved = ball.ascent.move(ball, isPhased ? fromBest(ready, begins) : ready, images, inertia)
    const iterate = isPhased ? moved : selectRows(beginning, state.iterate, moved)
    const evaluated = evaluateLoss({ ...problem, loss, samples }, iterate)
    const next = afterEvaluation(ball, ready, iterate, evaluated, beginning)
    // Before the first iteration the reference's table of losses reads 0 (:233, :169).
    const observed = ball.ascent.observe(state.memory, evaluated.loss, state.loss.mul(tf.sub(1, isFirst)))
    const begun = ball.ascent.begin(images, evaluated.loss, isPhased ? iterate : undefined)
    const remembered = { ...next, memory: selectRows(beginning, begun, observed) }
    const { prediction, margin } = evaluated
    return { state: adapted(ball, remembered, images, checks.greater(0)), point: iterate, prediction, margin, counts }
  })
}

/**
 * The state from which a phase begins: at the best point of the phase before, with a step of length 0. The move from
 * there only projects the point into the phase's ball.
 */
function fromBest(state: ApgdState, begins: Tensor1D): ApgdState {
  const iterate = selectRows(begins.greater<Tensor1D>(0), state.best, state.iterate)
  return { ...state, iterate, stepSize: state.stepSize.mul(tf.sub(1, begins)) }
}

/**
 * The state once the loss at `iterate` is known, but for its memory. A strictly higher loss replaces the best point
 * (:397), and one that is not a number never does. The loss at a start does, whatever it is.
 */
function afterEvaluation(
  { ascent }: Ball,
  state: ApgdState,
  iterate: Tensor4D,
  { loss, gradient }: Pick<LossEvaluation, 'loss' | 'gradient'>,
  beginning: Tensor1D,
): ApgdState {
  const better = beginning.logicalOr<Tensor1D>(loss.greater(state.bestLoss))
  return {
    ...state,
    iterate,
    gradient,
    loss,
    previous: state.iterate,
    best: selectRows(better, iterate, state.best),
    bestGradient: selectRows(better, gradient, state.bestGradient),
    bestLoss: selectRows(better, loss, state.bestLoss),
    stepSize: selectRows(beginning, state.radius.mul<Tensor1D>(ascent.initialStep), state.stepSize),
  }
}

/**
 * The state after the step-size check of the rows that are `checking`. Where the schedule says so, the next step starts
 * from the best point (:421, :435). `previous` stays then, so that the next momentum is the best point minus the point
 * that the last step started from; `loss` stays too, since the reference compares with the loss that it wrote last.
 */
function adapted(ball: Ball, state: ApgdState, origin: Tensor4D, checking: Tensor1D): ApgdState {
  const { restart, stepSize, memory } = ball.ascent.adapt(ball, state, origin)
  const goesBack = checking.logicalAnd(restart) as Tensor1D
  return {
    ...state,
    iterate: selectRows(goesBack, state.best, state.iterate),
    gradient: selectRows(goesBack, state.bestGradient, state.gradient),
    stepSize: selectRows(checking, stepSize, state.stepSize),
    memory: selectRows(checking, memory, state.memory),
  }
}
