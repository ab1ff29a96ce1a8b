import type { RandomKey, Tensor1D, Tensor2D, Tensor4D } from '@gauntlet/engine'
import { InvalidInput } from '@gauntlet/study'
import type { Ascent, AscentGeometry, AscentMemory } from './ascent.ts'
import type { SquareMoves } from './square-moves.ts'

/**
 * The perturbations of at most a given norm, and how attacks move among them. A norm is a value of this type: no attack
 * asks which one it was given.
 */
export interface Ball<Memory extends AscentMemory = AscentMemory> extends AscentGeometry {
  /** The name in studies and tables. */
  readonly norm: 'Linf' | 'L2' | 'L1'
  /** Radius, in units of the [0, 1] pixel range. */
  readonly epsilon: number
  /** The norm of every offset. [batch, height, width, channels] → [batch]. */
  size(offset: Tensor4D): Tensor1D
  /**
   * The norm dual to `size`: by how much a linear loss of this gradient rises within a ball of radius 1. [batch,
   * height, width, channels] → [batch].
   */
  dualSize(gradient: Tensor4D): Tensor1D
  /**
   * The shortest offset, in this norm, from points of the box to points of the box at which `slope` · x is less by
   * `gap`. Where there are none, the offset that comes nearest to that (arXiv:1907.02044, section 3.1). points, slope:
   * [rows, coordinates]; gap: [rows] → [rows, coordinates].
   */
  towardsHyperplane(points: Tensor2D, slope: Tensor2D, gap: Tensor1D): Tensor2D
  /** `count` random numbers of the distribution that `spread` takes. */
  draw(key: RandomKey, count: number): Float32Array
  /**
   * Random starts: the noise of `draw` as points in the ball of `radius` (epsilon unless given) around `origin` and in
   * the box; same shape.
   */
  spread(noise: Tensor4D, origin: Tensor4D, radius?: Tensor1D): Tensor4D
  /** How APGD ascends in this ball. */
  readonly ascent: Ascent<Memory>
  /** How the Square attack moves in this ball. */
  readonly squares: SquareMoves
}

/** The radius, if it is a positive finite number. */
export function requireRadius(norm: string, epsilon: number): number {
  if (Number.isFinite(epsilon) && epsilon > 0) return epsilon
  throw new InvalidInput(`The ${norm} ball has radius ${epsilon}; give a finite number above 0.`)
}
