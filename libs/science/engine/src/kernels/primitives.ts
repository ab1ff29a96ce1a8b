import { runOperator, type OperatorAttribute } from '../operator.ts'
import { tf, type Tensor } from '../tf.ts'

/**
 * Each function here runs one operator of TensorFlow. tfjs's own functions add checks, copies and casts around some.
 */

const T: OperatorAttribute = { type: 'float32' }
const index: OperatorAttribute = { type: 'int32' }

function one(name: string, attributes: Record<string, OperatorAttribute>, ...inputs: Tensor[]): Tensor {
  return runOperator(name, attributes, inputs)[0]!
}

/** A list of integers, in which operators take sizes, axes and orders. */
export function integers(values: readonly number[]): Tensor {
  return tf.tensor1d([...values], 'int32')
}

/** Runs an operator of one float32 tensor, such as `Exp`. */
export function unary(
  name: 'Erf' | 'Exp' | 'Relu' | 'Relu6' | 'Rsqrt' | 'Sigmoid' | 'Softmax' | 'Square',
  x: Tensor,
): Tensor {
  return one(name, { T }, x)
}

export const multiply = (a: Tensor, b: Tensor | number) => one('Mul', { T }, a, operand(b))
export const add = (a: Tensor, b: Tensor | number) => one('AddV2', { T }, a, operand(b))
export const subtract = (a: Tensor, b: Tensor) => one('Sub', { T }, a, b)
export const divide = (a: Tensor, b: Tensor) => one('RealDiv', { T }, a, b)

/** Adds a vector to the last axis. Programs fuse this operator with the product before it. */
export const addBias = (x: Tensor, bias: Tensor) => one('BiasAdd', { T, data_format: 'NHWC' }, x, bias)

/** Sums over all axes but the last, several times faster than `Sum`. */
export const sumToLastAxis = (x: Tensor) => one('BiasAddGrad', { T, data_format: 'NHWC' }, x)

export const mean = (x: Tensor, axes: readonly number[], keep: boolean) =>
  one('Mean', { T, Tidx: index, keep_dims: keep }, x, integers(axes))
export const sum = (x: Tensor, axes: readonly number[], keep: boolean) =>
  one('Sum', { T, Tidx: index, keep_dims: keep }, x, integers(axes))
export const maximum = (x: Tensor, axes: readonly number[], keep: boolean) =>
  one('Max', { T, Tidx: index, keep_dims: keep }, x, integers(axes))

/** The numbers in another shape. If x has that shape already, this gives x itself. */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  const same = shape.length === x.rank && shape.every((size, i) => size === x.shape[i])
  return same ? x : one('Reshape', { T, Tshape: index }, x, integers(shape))
}

export const transpose = (x: Tensor, order: readonly number[]) =>
  one('Transpose', { T, Tperm: index }, x, integers(order))
export const reverse = (x: Tensor, axes: readonly number[]) => one('ReverseV2', { T, Tidx: index }, x, integers(axes))
export const slice = (x: Tensor, begin: readonly number[], size: readonly number[]) =>
  one('Slice', { T, Index: index }, x, integers(begin), integers(size))

/** Takes `size` elements along each axis, from `begin` on, each `strides` after the one before. */
export function stridedSlice(
  x: Tensor,
  begin: readonly number[],
  size: readonly number[],
  strides: readonly number[],
): Tensor {
  if (strides.every((stride) => stride === 1)) return slice(x, begin, size)
  const end = begin.map((first, axis) => first + (size[axis]! - 1) * strides[axis]! + 1)
  return one('StridedSlice', { T, Index: index }, x, integers(begin), integers(end), integers(strides))
}

export const broadcast = (x: Tensor, shape: readonly number[]) =>
  one('BroadcastTo', { T, Tidx: index }, x, integers(shape))

/** How many elements are added before and after each axis. */
type Sides = readonly (readonly [before: number, after: number])[]

export const padWithZeros = (x: Tensor, sides: Sides) => one('Pad', { T, Tpaddings: index }, x, pairs(sides))
export const padWith = (x: Tensor, sides: Sides, value: number) =>
  one('PadV2', { T, Tpaddings: index }, x, pairs(sides), tf.scalar(value))

const pairs = (sides: Sides) => tf.tensor2d(sides.map((side) => [...side]), [sides.length, 2], 'int32') // prettier-ignore

/** Which factors of a product are given transposed. */
export interface Transposed {
  readonly first?: boolean
  readonly second?: boolean
}

/** The product of two matrices [rows, columns]. */
export const matrixProduct = (a: Tensor, b: Tensor, { first = false, second = false }: Transposed = {}) =>
  one('MatMul', { T, transpose_a: first, transpose_b: second }, a, b)

/** The products of matrices [..., rows, columns], one for each index of the leading axes. */
export const batchedProduct = (a: Tensor, b: Tensor, { first = false, second = false }: Transposed = {}) =>
  one('BatchMatMulV2', { T, adj_x: first, adj_y: second }, a, b)

/** A matrix [rows, last axis], whose rows are all other axes together. */
export const rows = (x: Tensor) => (x.rank === 2 ? x : reshape(x, [x.size / x.shape.at(-1)!, x.shape.at(-1)!]))

function operand(value: Tensor | number): Tensor {
  return typeof value === 'number' ? tf.scalar(value) : value
}
