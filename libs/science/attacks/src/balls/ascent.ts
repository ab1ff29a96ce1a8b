import type { Tensor1D, Tensor4D } from '@gauntlet/engine'

/** What the step-size schedule remembers between iterations: one number per image and name, each [batch]. */
export type AscentMemory = { readonly [name: string]: Tensor1D }

/** The state of an APGD run. Images are [batch, height, width, channels], the rest [batch]; rows never mix. */
export type ApgdState<Memory extends AscentMemory = AscentMemory> = {
  /** The point that the next step starts from, its gradient and its loss. */
  readonly iterate: Tensor4D
  readonly gradient: Tensor4D
  readonly loss: Tensor1D
  /** The point that the last step started from. */
  readonly previous: Tensor4D
  /** The point of highest loss so far. */
  readonly best: Tensor4D
  readonly bestGradient: Tensor4D
  readonly bestLoss: Tensor1D
  /** In units of the [0, 1] pixel range. */
  readonly stepSize: Tensor1D
  /** The radius of the ball that the points are kept in: epsilon, but larger in the first phases of an L1 attack. */
  readonly radius: Tensor1D
  readonly memory: Memory
}

/** What an ascent needs to know of the ball it moves in. */
export interface AscentGeometry {
  /**
   * The points, brought back into the ball of `radius` [batch] (epsilon unless given) around `origin` and into the box
   * [0, 1]; same shape.
   */
  project(point: Tensor4D, origin: Tensor4D, radius?: Tensor1D): Tensor4D
  /**
   * The direction of unit size along which a linear loss rises most; same shape. `share` [batch] spreads an L1
   * direction evenly over that share of the coordinates (without it: the single largest). The other norms move all
   * coordinates and ignore it.
   */
  steepest(gradient: Tensor4D, share?: Tensor1D): Tensor4D
}

/** What a check of the step size decides. */
export interface Adaptation<Memory extends AscentMemory> {
  readonly stepSize: Tensor1D
  /** Which images go back to their best point: boolean, [batch]. */
  readonly restart: Tensor1D
  readonly memory: Memory
}

/** How APGD ascends in a ball: how a step is taken, and how its size follows the loss. Pure functions of tensors. */
export interface Ascent<Memory extends AscentMemory = AscentMemory> {
  /** The first step size over the radius. */
  readonly initialStep: number
  /** Weight of the last move in every step but the first. */
  readonly inertia: number
  /** The iterations (from 0) after which the step size is checked by `adapt`. */
  checks(iterations: number): readonly number[]
  /**
   * The memory before the first step. `origin` [batch, height, width, channels], `startLoss` [batch]. `given` is the
   * start where a former phase found it, so that it tells something about the image.
   */
  begin(origin: Tensor4D, startLoss: Tensor1D, given?: Tensor4D): Memory
  /** The next iterate, in ball and box. `inertia`: a number or [batch, 1, 1, 1]; 0 at the first step. */
  move(ball: AscentGeometry, state: ApgdState<Memory>, origin: Tensor4D, inertia: number | Tensor4D): Tensor4D
  /** The memory once the loss of an iterate is known. `before`: the loss of the iterate before it, 0 at the first. */
  observe(memory: Memory, loss: Tensor1D, before: Tensor1D): Memory
  /** The check of the step size. */
  adapt(ball: AscentGeometry, state: ApgdState<Memory>, origin: Tensor4D): Adaptation<Memory>
}
