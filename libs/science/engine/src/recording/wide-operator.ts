import { nativeBackend } from '../operator.ts'
import type { Tensor } from '../tf.ts'
import { DataType } from '../graphs/graph.ts'
import { recorded } from './recording-hooks.ts'
import { nativeTensor } from './symbolic-tensors.ts'

/**
 * Runs and records one operator on 64-bit elements, for which tfjs has no name. tfjs takes such tensors for `int32`, so
 * only these functions may use them. `types` are the type attributes, as numbers of `DataType`.
 */
export function wideOperator(name: string, types: Readonly<Record<string, number>>, inputs: readonly Tensor[]): Tensor {
  const { binding } = nativeBackend()
  const attributes = Object.entries(types).map(([attribute, value]) => ({
    name: attribute,
    type: binding.TF_ATTR_TYPE,
    value,
  }))
  const run = () => {
    const [made] = binding.executeOp(name, attributes, inputs.map(handleOf), 1)
    return [nativeTensor({ dataType: made!.dtype, shape: made!.shape }, made!.id!)]
  }
  return recorded({ name, attributes, inputs: [...inputs] }, run)[0]!
}

/** An int64 scalar. */
export function wideInteger(value: bigint): Tensor {
  const { binding } = nativeBackend()
  const words = new Int32Array(BigInt64Array.of(BigInt.asIntN(64, value)).buffer)
  return nativeTensor({ dataType: DataType.int64, shape: [] }, binding.createTensor([], binding.TF_INT64, words))
}

/** The backend's handle of a tensor. Values that are still in JavaScript are handed over, as before any operator. */
function handleOf(tensor: Tensor): number {
  const backend = nativeBackend() as unknown as { getInputTensorIds(tensors: readonly Tensor[]): number[] }
  return backend.getInputTensorIds([tensor])[0]!
}
