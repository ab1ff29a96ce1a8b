import { tf, type Tensor } from '@gauntlet/engine'
import { Parameters, type ParameterKind, type ParameterSpecification } from '@gauntlet/nn'
import { asFloat32, type NamedArray } from './named-array.ts'

/** The axes of PyTorch's tensor, in the order of tfjs. */
const axes: Readonly<Record<ParameterKind, readonly number[] | undefined>> = {
  convolution: [2, 3, 1, 0], // OIHW → HWIO
  depthwise: [2, 3, 0, 1], // [channels, 1, k, k] → [k, k, channels, 1]
  convolution1d: [2, 1, 0], // [out, in, k] → [k, in, out]
  linear: [1, 0], // [out, in] → [in, out]
  plain: undefined,
  counter: undefined,
}

/**
 * The tensors of a model in tfjs's layouts, from arrays that passed strict loading. A shared tensor is made once, under
 * its first name. The caller disposes of the tensors.
 */
export function toParameters(
  arrays: readonly NamedArray[],
  specifications: readonly ParameterSpecification[],
): Parameters {
  const byName = new Map(arrays.map((array) => [array.name, array]))
  return Parameters.of(
    specifications.flatMap(({ name, kind, sharedWith }) => {
      const array = sharedWith === undefined ? byName.get(name) : undefined
      return array ? [[name, toTensor(array, kind)] as const] : []
    }),
  )
}

/**
 * The arrays of a model's tensors: PyTorch's names, shapes and layouts, counters as int64, and a shared tensor under
 * each of its names. The tensors stay.
 */
export function fromParameters(
  parameters: Parameters,
  specifications: readonly ParameterSpecification[],
): NamedArray[] {
  return specifications.map(({ name, kind, shape, sharedWith = name }) => {
    const tensor = parameters.tensor(sharedWith)
    if (kind === 'counter') return { name, shape, dtype: 'int64', data: BigInt64Array.from(tensor.dataSync(), BigInt) }
    return { name, shape, dtype: 'float32', data: fromTensor(tensor, kind) }
  })
}

function toTensor(array: NamedArray, kind: ParameterKind): Tensor {
  if (kind === 'counter')
    return tf.tensor(Int32Array.from(array.data as ArrayLike<number | bigint>, Number), [...array.shape], 'int32')
  const order = axes[kind]
  return tf.tidy(() => {
    const tensor = tf.tensor(asFloat32(array), [...array.shape], 'float32')
    return order ? tf.transpose(tensor, [...order]) : tensor
  })
}

/**
 * The numbers of a tensor in PyTorch's layout. `tf.tidy` is not used, since it would search the returned array for
 * tensors, element by element.
 */
function fromTensor(tensor: Tensor, kind: ParameterKind): Float32Array {
  const order = axes[kind]
  const inTorchLayout = order ? tf.transpose(tensor, inverse(order)) : tensor
  const data = inTorchLayout.dataSync() as Float32Array
  if (order) inTorchLayout.dispose()
  return data
}

function inverse(order: readonly number[]): number[] {
  return order.map((_, axis) => order.indexOf(axis))
}
