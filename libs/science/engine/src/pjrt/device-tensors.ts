import { DataType, type TensorType } from '../graphs/graph.ts'
import { tensorTypeOf } from '../recording/symbolic-tensors.ts'
import { tf, type Tensor } from '../tf.ts'
import { pjrtAddition, type DeviceTensor } from './pjrt-addition.ts'
import { translatingPjrt } from './pjrt-errors.ts'

/** The element types that cross between host and device: PJRT_Buffer_Type, and the array and the type of tfjs. */
const elementTypes = {
  [DataType.float32]: { buffer: 11, dtype: 'float32', array: Float32Array },
  [DataType.int32]: { buffer: 4, dtype: 'int32', array: Int32Array },
  [DataType.bool]: { buffer: 1, dtype: 'bool', array: Uint8Array },
} as const

/** Copies a tensor to the device of a plugin. */
export function upload(path: string, tensor: Tensor): DeviceTensor {
  const { buffer } = elementTypeOf(tensorTypeOf(tensor))
  const values = tensor.dataSync() as Float32Array | Int32Array | Uint8Array
  return translatingPjrt(`a tensor of [${tensor.shape.join(', ')}]`, () =>
    pjrtAddition().upload(path, values, buffer, tensor.shape),
  )
}

/** Copies a tensor of this type from the device. The caller disposes of the copy. */
export function download(tensor: DeviceTensor, type: TensorType): Tensor {
  const { dtype, array } = elementTypeOf(type)
  const bytes = translatingPjrt('reading a tensor', () => pjrtAddition().download(tensor))
  return tf.tensor(new array(bytes), [...type.shape], dtype)
}

/** The type of a tensor of tfjs in a program. */
export function typeByName({ dtype, shape }: Pick<Tensor, 'dtype' | 'shape'>): TensorType {
  const [dataType] = Object.entries(elementTypes).find(([, each]) => each.dtype === dtype) ?? []
  return { dataType: Number(dataType), shape }
}

function elementTypeOf({ dataType }: TensorType): (typeof elementTypes)[keyof typeof elementTypes] {
  const known = elementTypes[dataType as keyof typeof elementTypes]
  if (!known) throw new TypeError(`A tensor of type ${dataType} cannot cross to a device; cast it to float32 or int32.`)
  return known
}
