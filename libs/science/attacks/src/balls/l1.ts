import { normal, tf, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { requireRadius, type Ball } from './ball.ts'
import { belowSorted } from './bisection.ts'
import { l1TowardsHyperplane } from './hyperplane-projection.ts'
import { projectOntoL1AndBox } from './l1-projection.ts'
import { sparseAscent, type SparsityMemory } from './sparse-ascent.ts'
import { bumps, l1Mass } from './square-bumps.ts'

/** The L1 ball: the absolute values of an offset sum to at most `radius`. */
export function l1(radius: number): Ball<SparsityMemory> {
  const epsilon = requireRadius('L1', radius)
  const project = (point: Tensor4D, origin: Tensor4D, within?: Tensor1D) =>
    projectOntoL1AndBox(point, origin, within ?? tf.fill([origin.shape[0]], epsilon))
  return {
    norm: 'L1',
    epsilon,
    size: (offset) => offset.abs().sum([1, 2, 3]),
    dualSize: (gradient) => gradient.abs().max([1, 2, 3]),
    project,
    towardsHyperplane: l1TowardsHyperplane,
    steepest: sparseSigns,
    draw: normal,
    /** The start is Gaussian noise, projected (autopgd_base.py:215 to :217). */
    spread: (noise, origin, within) => project(origin.add(noise), origin, within),
    ascent: sparseAscent,
    squares: bumps(l1Mass(epsilon)),
  }
}

/**
 * The signs of the largest `share` of the gradient's coordinates (ties included), divided by their number
 * (autopgd_base.py:347 to :353). They are those above the value at index (1 − share) · count in ascending order, which
 * is found by bisection. The index is computed in float32 and rounded down, as :348 does.
 */
function sparseSigns(gradient: Tensor4D, share?: Tensor1D): Tensor4D {
  const count = gradient.shape[1] * gradient.shape[2] * gradient.shape[3]
  const sizes = gradient.reshape<Tensor2D>([-1, count]).abs<Tensor2D>()
  const index = tf
    .sub(1, share ?? tf.zeros([gradient.shape[0]]))
    .mul(count)
    .floor()
    .clipByValue(0, count - 1)
  const below = belowSorted(sizes, index.reshape([-1, 1]))
  const signs = gradient.sign().mul(sizes.greater(below).toFloat().reshape(gradient.shape)) as Tensor4D
  return signs.div(signs.abs().sum([1, 2, 3], true).add(1e-10))
}
