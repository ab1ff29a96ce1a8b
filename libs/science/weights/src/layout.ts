import { tf, type Tensor } from '@gauntlet/engine'
import { Parameters, type ParameterKind, type ParameterSpecification } from '@gauntlet/nn'
import { asFloat32, type NamedArray } from './named-array.ts'

/** Axes of PyTorch's tensor in tfjs's order. */
const axes: Readonly<Record<ParameterKind, readonly number[] | undefined>> = {
  convolution: [2, 3, 1, 0], // OIHW → HWIO
  depthwise: [2, 3, 0, 1], // [channels, 1, k, k] → [k, k, channels, 1]
  convolution1d: [2, 1, 0], // [out, in, k] → [k, in, out]
  linear: [1, 0], // [out, in] → [in, out]
  plain: undefined,
  counter: undefined,
}

/**
 * A model's tensors, named and laid out for tfjs, from arrays that strict loading let through; a shared one once, under
 * its first name. The caller disposes of them.
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
 * The way back: PyTorch's names, shapes and layouts, counters as int64, a shared tensor under each of its names; the
 * tensors stay.
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
 * The numbers leave the scope by themselves: `tf.tidy` would search what it returns for tensors, element by element.
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
