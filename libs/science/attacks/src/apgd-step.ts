import { tf, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import type { ApgdState } from './ascent.ts'
import type { AttackStep, Target } from './attack.ts'
import type { Ball } from './ball.ts'
import { selectRows } from './batch-rows.ts'
import { inspect, type Inspection } from './inspection.ts'
import type { Loss } from './loss.ts'

/** How a run of APGD climbs. */
export interface Climb {
  readonly ball: Ball
  readonly loss: Loss
  /** The radii of the phases over epsilon; [1] but for L1's schedule 3, 2, 1 (`use_largereps`, autopgd_base.py:486). */
  readonly phases?: readonly number[]
  /** Gradients averaged for one step (`eot_iter`). */
  readonly samples?: number
}

/** The state of an APGD step, and what the step saw. */
export type ApgdStep = Omit<AttackStep, 'state'> & { readonly state: ApgdState }

/**
 * Rows at their starts, with no loss seen yet. `start`: [batch, height, width, 3], inside the first phase's ball around
 * `origin` and the box.
 */
export function apgdStart({ ball, phases = [1] }: Climb, start: Tensor4D, origin: Tensor4D): ApgdState {
  return tf.tidy(() => {
    const none = tf.zeros([origin.shape[0]]) as Tensor1D
    const points = { iterate: start.clone(), previous: start.clone(), best: start.clone() }
    const gradients = { gradient: tf.zerosLike(start), bestGradient: tf.zerosLike(start) }
    return {
      ...points,
      ...gradients,
      loss: none,
      bestLoss: tf.fill(none.shape, -Infinity) as Tensor1D,
      stepSize: none.clone(),
      radius: tf.fill(none.shape, phases[0]! * ball.epsilon) as Tensor1D,
      memory: ball.ascent.begin(origin, none, start),
    }
  })
}

/**
 * One step of every row, at the moment that its cues [batch, numbers of a moment] tell. A phase starts from the
 * projected point of highest loss of the one before (autopgd_base.py:561); its first look is at that point, and its
 * loss counts for the best point but not for the schedule (:291). Pure: the state handed in is not changed and not
 * disposed, and nothing is read to the host.
 */
export function apgdStep(climb: Climb, target: Target, state: ApgdState, cues: Tensor2D): ApgdStep {
  return tf.tidy(() => {
    const { ball, loss, samples = 1, phases = [1] } = climb
    const [begins, isFirst, checks, radius, counts] = tf.unstack(cues, 1) as [
      Tensor1D,
      Tensor1D,
      Tensor1D,
      Tensor1D,
      Tensor1D,
    ]
    const beginning = begins.greater<Tensor1D>(0)
    const inertia = tf.sub(1, isFirst.maximum(begins)).mul(ball.ascent.inertia).reshape<Tensor4D>([-1, 1, 1, 1])
    const ready = { ...state, radius }
    const isPhased = phases.length > 1
    const moved = ball.ascent.move(ball, isPhased ? fromBest(ready, begins) : ready, target.images, inertia)
    const iterate = isPhased ? moved : selectRows(beginning, state.iterate, moved)
    const seen = inspect({ ...target, loss, samples }, iterate)
    const looked = afterLook(ball, ready, iterate, seen, beginning)
    // Before the first iteration the reference's table of losses reads 0 (:233, :169).
    const observed = ball.ascent.observe(state.memory, seen.loss, state.loss.mul(tf.sub(1, isFirst)))
    const begun = ball.ascent.begin(target.images, seen.loss, isPhased ? iterate : undefined)
    const stood = { ...looked, memory: selectRows(beginning, begun, observed) }
    const next = adapted(ball, stood, target.images, checks.greater(0))
    return { state: next, point: iterate, prediction: seen.prediction, margin: seen.margin, counts }
  })
}

/**
 * Where a phase begins, a step of no length from the best point of the one before: moving brings it into the ball, at
 * no projection of its own.
 */
function fromBest(state: ApgdState, begins: Tensor1D): ApgdState {
  const iterate = selectRows(begins.greater<Tensor1D>(0), state.best, state.iterate)
  return { ...state, iterate, stepSize: state.stepSize.mul(tf.sub(1, begins)) }
}

/**
 * The state after a look at `iterate`, but for its memory. A strictly higher loss replaces the best point (:397), a
 * loss that is not a number never does; that of a start does whatever it is.
 */
function afterLook(
  { ascent }: Ball,
  state: ApgdState,
  iterate: Tensor4D,
  { loss, gradient }: Pick<Inspection, 'loss' | 'gradient'>,
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
 * The state after a check of the rows that are `checking`. Where the schedule says so, the next step starts from the
 * best point (:421, :435); `previous` stays, so that the next momentum is that point minus the one the last step
 * started from, and `loss` stays, since the reference compares with the loss it last wrote.
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
