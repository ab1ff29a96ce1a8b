import { nativeBackend } from '../operator.ts'
import { tf, type Tensor } from '../tf.ts'
import { DataType, type TensorType } from '../graphs/graph.ts'

interface TensorRegister {
  get(dataId: object): { readonly id: number; readonly dtype: number }
  set(
    dataId: object,
    data: { shape: readonly number[]; dtype: number; id: number; values: null; refCount: number },
  ): void
}

/** Where tfjs's backend keeps the data of its tensors. */
function register(): TensorRegister {
  return (nativeBackend() as unknown as { tensorMap: TensorRegister }).tensorMap
}

const symbolic = new WeakSet<object>()

/** A symbolic tensor: it has a type and no values, and stands for what a program will compute. */
export function symbolicTensor(type: TensorType): Tensor {
  const tensor = nativeTensor(type, -1)
  symbolic.add(tensor.dataId)
  return tensor
}

export function isSymbolic(dataId: object): boolean {
  return symbolic.has(dataId)
}

/**
 * A tensor of tfjs for a tensor of libtensorflow, by its number there. tfjs has names for some data types only, and
 * takes tensors of 64-bit elements for `int32`.
 */
export function nativeTensor({ dataType, shape }: TensorType, id: number): Tensor {
  const dataId = {}
  register().set(dataId, { shape, dtype: dataType, id, values: null, refCount: 1 })
  const dtype = namesOfTypes[dataType] ?? 'int32'
  return tf.engine().makeTensorFromTensorInfo({ dataId, shape: [...shape], dtype }) as unknown as Tensor
}

const namesOfTypes: Readonly<Record<number, 'float32' | 'bool' | 'string' | 'complex64'>> = {
  [DataType.float32]: 'float32',
  [DataType.bool]: 'bool',
  [DataType.string]: 'string',
  [DataType.complex64]: 'complex64',
}

/** The type of a tensor in libtensorflow. */
export function tensorTypeOf({
  dataId,
  shape,
}: {
  readonly dataId: object
  readonly shape: readonly number[]
}): TensorType {
  return { dataType: register().get(dataId).dtype, shape }
}
