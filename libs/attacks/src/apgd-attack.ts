import { tf, type RandomKey, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { bestOf } from './apgd.ts'
import type { ApgdState } from './ascent.ts'
import type { Attack, AttackStep, Script, Target } from './attack.ts'
import type { Ball } from './ball.ts'
import { inspect } from './inspection.ts'
import type { Loss } from './loss.ts'
import { whichever } from './tensor-tree.ts'

/** APGD as an ensemble runs it. */
export interface ApgdSettings {
  readonly name: string
  readonly ball: Ball
  readonly loss: Loss
  readonly iterations: number
  /** Runs for every target, each from a random start of its own. */
  readonly restarts: number
  /** Target classes: the second, third … most likely on the clean image (autopgd_base.py:655, :668). 0: the loss aims at none. */
  readonly targets: number
  /** The radii of the phases over epsilon; [1] but for L1's schedule 3, 2, 1 (`use_largereps`, autopgd_base.py:486). */
  readonly phases?: readonly number[]
  /** Iterations in the ball itself in a run of its own before all others, where phases have larger radii; 0 unless given. */
  readonly opening?: number
  /** Gradients averaged for one step (`eot_iter`). */
  readonly samples?: number
}

/**
 * APGD on rows that stand at iterations of their own.
 *
 * Departure: an `opening`. Points in the balls of the first phases count for nothing (autopgd_base.py:561), so that the reference brings every image through 60 iterations before the first
 * look that may fell it. A short run in the ball itself fells nearly all that fall (test/benchmarks/LOG.md); the runs after it are the reference's, with their own noise.
 */
export function apgdAttack(settings: ApgdSettings): Attack {
  const { name, ball, iterations, restarts, targets, phases = [1], opening = 0, samples = 1 } = settings
  const moments = momentsOf(ball, iterations, phases)
  const openingMoments = opening > 0 ? momentsOf(ball, opening, [1]) : []
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
    enter: (images, noise) => enter(ball, images, noise, phases[0]!),
    step: (target, state, cues) => step(settings, target, state as ApgdState, cues),
  }
}

/** Numbers of a cue. */
type Moment = readonly [
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

/** The cue of every step: in each phase a look at its start, then its iterations. */
function momentsOf(ball: Ball, iterations: number, phases: readonly number[]): Moment[] {
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

/** All but the last phase take 30 % of the iterations, rounded up, the last one the rest (autopgd_base.py:487 to :490). */
export function phaseLengths(iterations: number, phases: number): number[] {
  const early = Array.from({ length: phases - 1 }, () => Math.ceil(0.3 * iterations))
  return [...early, Math.max(iterations - early.reduce((sum, length) => sum + length, 0), 0)]
}

/** Rows at their random starts, with no loss seen yet. */
function enter(ball: Ball, images: Tensor4D, noise: Tensor2D, factor: number): ApgdState {
  return tf.tidy(() => {
    const radius = tf.fill([images.shape[0]], factor * ball.epsilon) as Tensor1D
    const start = ball.spread(noise.reshape(images.shape), images, radius)
    const none = tf.zeros([images.shape[0]]) as Tensor1D
    const points = { iterate: start, previous: start.clone(), best: start.clone() }
    const gradients = { gradient: tf.zerosLike(start), bestGradient: tf.zerosLike(start) }
    const lowest = tf.fill(none.shape, -Infinity) as Tensor1D
    return {
      ...points,
      ...gradients,
      loss: none,
      bestLoss: lowest,
      stepSize: none.clone(),
      radius,
      memory: ball.ascent.begin(images, none, start),
    }
  })
}

/**
 * One step of every row. A phase starts from the projected point of highest loss of the one before (autopgd_base.py:561); its first look is at that point, and its
 * loss counts for the best point but not for the schedule (:291).
 */
function step(
  { ball, loss, samples = 1, phases = [1] }: ApgdSettings,
  target: Target,
  state: ApgdState,
  cues: Tensor2D,
): AttackStep {
  return tf.tidy(() => {
    const [begins, isFirst, checks, radius, counts] = tf.unstack(cues, 1) as [Tensor1D, Tensor1D, Tensor1D, Tensor1D, Tensor1D]
    const [beginning, checking] = [begins.greater<Tensor1D>(0), checks.greater<Tensor1D>(0)]
    const inertia = tf.sub(1, isFirst.maximum(begins)).mul(ball.ascent.inertia).reshape<Tensor4D>([-1, 1, 1, 1])
    const ready = { ...state, radius }
    const isPhased = phases.length > 1
    const moved = ball.ascent.move(ball, isPhased ? fromBest(ready, begins) : ready, target.images, inertia)
    const iterate = isPhased ? moved : whichever(beginning, state.iterate, moved)
    const seen = inspect({ ...target, loss, samples }, iterate)
    const begun = begin(ball, ready, iterate, seen, target.images, isPhased)
    const climbed = climb(ball, ready, iterate, seen, isFirst)
    const stood = whichever(beginning, begun, climbed)
    const { restart, stepSize, memory } = ball.ascent.adapt(ball, stood, target.images)
    const goesBack = checking.logicalAnd(restart) as Tensor1D
    const adapted: ApgdState = {
      ...stood,
      iterate: whichever(goesBack, stood.best, stood.iterate),
      gradient: whichever(goesBack, stood.bestGradient, stood.gradient),
      stepSize: whichever(checking, stepSize, stood.stepSize),
      memory: whichever(checking, memory, stood.memory),
    }
    return { state: adapted, point: iterate, prediction: seen.prediction, margin: seen.margin, counts }
  })
}

/** Where a phase begins, a step of no length from the best point of the one before: moving brings it into the ball, at no projection of its own. */
function fromBest(state: ApgdState, begins: Tensor1D): ApgdState {
  const iterate = whichever(begins.greater<Tensor1D>(0), state.best, state.iterate)
  return { ...state, iterate, stepSize: state.stepSize.mul(tf.sub(1, begins)) }
}

type Seen = { readonly loss: Tensor1D; readonly gradient: Tensor4D }

/** The state after a look at a start. */
function begin(
  ball: Ball,
  state: ApgdState,
  point: Tensor4D,
  { loss, gradient }: Seen,
  origin: Tensor4D,
  isGiven: boolean,
): ApgdState {
  const stepSize = state.radius.mul<Tensor1D>(ball.ascent.initialStep)
  const memory = ball.ascent.begin(origin, loss, isGiven ? point : undefined)
  const points = { iterate: point, previous: point, best: point }
  return { ...points, gradient, loss, bestGradient: gradient, bestLoss: loss, stepSize, radius: state.radius, memory }
}

/** The state after an iteration; before the first one the reference's table of losses reads 0 (autopgd_base.py:233, :169). */
function climb({ ascent }: Ball, state: ApgdState, iterate: Tensor4D, { loss, gradient }: Seen, isFirst: Tensor): ApgdState {
  const before = state.loss.mul<Tensor1D>(tf.sub(1, isFirst))
  const memory = ascent.observe(state.memory, loss, before)
  return { ...state, ...bestOf(state, iterate, { loss, gradient }), iterate, previous: state.iterate, gradient, loss, memory }
}
