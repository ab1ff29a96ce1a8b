import { nativeBackend } from '../operator.ts'
import { tf, type Tensor } from '../tf.ts'
import { record } from './recording-hooks.ts'

interface TensorRegister {
  get(dataId: object): { id: number; values: unknown }
  set(dataId: object, data: { shape: number[]; dtype: number; id: number; values: null; refCount: number }): void
}

/**
 * Runs one operator on 64-bit elements, which tfjs has no name for: it takes such tensors for `int32`, so nothing but these functions may be done to them. Recorded
 * like any operator. `types` are the type attributes, as numbers of `DataType`.
 */
export function wideOperator(name: string, types: Readonly<Record<string, number>>, inputs: readonly Tensor[]): Tensor {
  const { binding } = nativeBackend()
  const attributes = Object.entries(types).map(([attribute, value]) => ({ name: attribute, type: binding.TF_ATTR_TYPE, value }))
  const [made] = binding.executeOp(name, attributes, inputs.map(handleOf), 1)
  const output = tensorOf(made!)
  record(name, attributes, inputs, [output])
  return output
}

/** A scalar of 64-bit whole numbers. */
export function wideInteger(value: bigint): Tensor {
  const { binding } = nativeBackend()
  const words = new Int32Array(BigInt64Array.of(BigInt.asIntN(64, value)).buffer)
  return tensorOf({ id: binding.createTensor([], binding.TF_INT64, words), shape: [], dtype: binding.TF_INT64 })
}

/** The backend's handle; values that it has not handed over yet are, as it does itself before an operator. */
function handleOf(tensor: Tensor): number {
  const backend = nativeBackend() as unknown as { getInputTensorIds(tensors: readonly Tensor[]): number[] }
  return backend.getInputTensorIds([tensor])[0]!
}

function tensorOf({ id, shape, dtype }: { id: number; shape: number[]; dtype: number }): Tensor {
  const dataId = {}
  const { tensorMap } = nativeBackend() as unknown as { tensorMap: TensorRegister }
  tensorMap.set(dataId, { shape, dtype, id, values: null, refCount: 1 })
  const label = dtype === 1 ? 'float32' : 'int32'
  return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype: label }) as unknown as Tensor
}
