import type { RandomKey, Tensor1D, Tensor2D, Tensor4D } from '@gauntlet/engine'
import type { Ascent, AscentMemory, Slope } from './ascent.ts'
import type { SquareMoves } from './square-moves.ts'

/**
 * A set of perturbations and how to move in it. A norm is a value of this type: attacks never ask which one they were
 * given.
 */
export interface Ball<Memory extends AscentMemory = AscentMemory> extends Slope {
  /** The name a study and a table use. */
  readonly norm: 'Linf' | 'L2' | 'L1'
  /** Radius, in units of the [0, 1] pixel range. */
  readonly epsilon: number
  /** The norm of every offset. [batch, height, width, 3] → [batch]. */
  size(offset: Tensor4D): Tensor1D
  /**
   * The norm dual to `size`: how much a linear loss of this gradient rises within a ball of radius 1. [batch, height,
   * width, 3] → [batch].
   */
  dualSize(gradient: Tensor4D): Tensor1D
  /**
   * The shortest offset, in this norm, from points in the box to the points of the box on which `slope` · x is less by
   * `gap`; where there are none, the offset that comes nearest (arXiv:1907.02044, section 3.1). points, slope: [rows,
   * coordinates]; gap: [rows]; → [rows, coordinates].
   */
  towardsHyperplane(points: Tensor2D, slope: Tensor2D, gap: Tensor1D): Tensor2D
  /** `count` raw random numbers of the kind that `spread` wants. */
  draw(key: RandomKey, count: number): Float32Array
  /**
   * A random start: the noise of `draw` laid out around `origin`, inside the ball of `radius` (epsilon unless given)
   * and the box; same shape.
   */
  spread(noise: Tensor4D, origin: Tensor4D, radius?: Tensor1D): Tensor4D
  /** How APGD climbs in this ball. */
  readonly ascent: Ascent<Memory>
  /** How the Square attack moves in this ball. */
  readonly squares: SquareMoves
}

/** The radius of a ball is not a positive finite number; a retry does not help. */
export class RadiusInvalid extends Error {
  override readonly name = 'InvalidInput'
}

/** The radius, if it is one. */
export function requireRadius(norm: string, epsilon: number): number {
  if (Number.isFinite(epsilon) && epsilon > 0) return epsilon
  throw new RadiusInvalid(`The ${norm} ball has radius ${epsilon}; give a finite number above 0.`)
}
