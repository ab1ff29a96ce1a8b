import { nativeBackend, runOperator } from '../operator.ts'
import { activeRecording } from '../programs/capturing.ts'
import type { Tensor } from '../tf.ts'
import { integers, subtract, sum, unary } from './primitives.ts'

/**
 * exp(x) over its sum along the last axis. An image has the same bits in every place of a batch: in programs `Softmax` is oneDNN's; run by itself on a CPU it is
 * Eigen's, which takes elements one by one where a block of its own choice ends, by another exponential, and is done without.
 */
export function softmaxAlong(x: Tensor): Tensor {
  if (activeRecording() || nativeBackend().isUsingGpuDevice) return unary('Softmax', x)
  const powers = unary('Exp', subtract(x, largestAlong(x)))
  return runOperator('RealDiv', { T: { type: 'float32' } }, [powers, sum(powers, [x.rank - 1], true)])[0]!
}

function largestAlong(x: Tensor): Tensor {
  const attributes = { T: { type: 'float32' }, Tidx: { type: 'int32' }, keep_dims: true } as const
  return runOperator('Max', attributes, [x, integers([x.rank - 1])])[0]!
}
