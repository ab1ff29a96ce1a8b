import { nativeBackend } from '../operator.ts'
import { isProgramCode } from '../programs/capturing.ts'
import type { Tensor } from '../tf.ts'
import { divide, maximum, subtract, sum, unary } from './primitives.ts'

/**
 * exp(x) over its sum along the last axis. An image has the same bits in every place of a batch: in programs `Softmax`
 * is oneDNN's; run by itself on a CPU it is Eigen's, which takes elements one by one where a block of its own choice
 * ends, by another exponential, and is done without.
 */
export function softmaxAlong(x: Tensor): Tensor {
  if (isProgramCode() || nativeBackend().isUsingGpuDevice) return unary('Softmax', x)
  const axes = [x.rank - 1]
  const powers = unary('Exp', subtract(x, maximum(x, axes, true)))
  return divide(powers, sum(powers, axes, true))
}
