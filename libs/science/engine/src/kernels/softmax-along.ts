import { isProgramCode } from '../recording/capturing.ts'
import type { Tensor } from '../tf.ts'
import { divide, maximum, subtract, sum, unary } from './primitives.ts'

/**
 * exp(x) divided by its sum along the last axis. An image has the same bits in every position of a batch. In programs
 * `Softmax` is oneDNN's, which has this property. Run eagerly on a CPU it is Eigen's, which computes the elements at
 * the end of a block, of a length that it chooses, by another exponential; there softmax is composed.
 */
export function softmaxAlong(x: Tensor): Tensor {
  if (isProgramCode()) return unary('Softmax', x)
  const axes = [x.rank - 1]
  const powers = unary('Exp', subtract(x, maximum(x, axes, true)))
  return divide(powers, sum(powers, axes, true))
}
