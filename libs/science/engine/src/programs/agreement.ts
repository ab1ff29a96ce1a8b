import type { Values } from '../sessions/spilled-tensors.ts'

/** How well a replay of a program agrees with an eager run of its code. */
export interface Agreement {
  /** Whether all values are equal. Zeros of either sign are equal. */
  readonly exact: boolean
  /** The largest deviation of any tensor, and which tensor that is. */
  readonly deviation: number
  readonly where: string
  /** The deviation that rounding of the inputs causes; given where the deviation exceeds the tolerance. */
  readonly sensitivity?: number
}

/** One result of a program, from the eager run and from the replay. */
export interface ComparedTensor {
  readonly where: string
  readonly expected: Values
  readonly actual: Values
  /** The value of a state variable before the run. Its change is judged, which is small compared with the value. */
  readonly before?: Values
}

/**
 * Tensors whose norm is below this share of a program's largest norm may be mere rounding, such as the gradient of a
 * bias before a batch norm.
 */
const negligible = 1e-3

/** Changes below this share of a state variable's own norm are lost in the rounding of the sum. */
const negligibleChange = 1e-2

/**
 * Compares tensors by ‖expected − actual‖ / ‖expected‖ in Euclidean norms. Single elements are not compared, since a
 * step by the sign of a gradient may reverse some. Of integers and booleans the measure is the share that differs. It
 * is infinite where one value is finite and the other is not.
 */
export function agreementOf(pairs: readonly ComparedTensor[]): Agreement {
  const differing = pairs.map((pair) => ({ pair, error: errorNorm(pair) }))
  if (differing.every(({ error }) => error === 0)) return { exact: true, deviation: 0, where: '' }
  const measured = differing.map(({ pair, error }) => ({ ...pair, error, ...sizesOf(pair) }))
  const floor = negligible * Math.max(0, ...measured.filter(({ isReal }) => isReal).map(({ size }) => size))
  let worst = { deviation: 0, where: '' }
  for (const { where, error, size, change, isReal } of measured) {
    const scale = change === undefined ? size : Math.max(change, negligibleChange * size)
    const deviation = error === 0 || !isReal ? error : error / Math.max(scale, floor, Number.MIN_VALUE)
    if (deviation > worst.deviation) worst = { deviation, where }
  }
  return { ...worst, exact: false }
}

/** The norm of the expected values, and that of their change. */
function sizesOf({ expected, before }: ComparedTensor): { isReal: boolean; size: number; change?: number } {
  const isReal = expected.dtype === 'float32'
  const values = expected.dataSync()
  const size = norm(values)
  return before ? { isReal, size, change: norm(values, before.dataSync()) } : { isReal, size }
}

function errorNorm({ expected, actual }: ComparedTensor): number {
  if (expected.dtype !== actual.dtype || expected.size !== actual.size) return Infinity
  const [values, others] = [expected.dataSync(), actual.dataSync()]
  return values instanceof Float32Array ? distance(values, others as Float32Array) : shareDiffering(values, others)
}

/**
 * This is a plain loop, because the parameters and moments of a large model are some 100 million numbers. A careful
 * loop follows only where something is not finite.
 */
function distance(expected: Float32Array, actual: Float32Array): number {
  let sum = 0
  for (let i = 0; i < expected.length; i++) {
    const difference = expected[i]! - actual[i]!
    sum += difference * difference
  }
  return Math.sqrt(Number.isFinite(sum) ? sum : carefulSum(expected, actual))
}

/** The sum of squared differences; infinite where one value is finite and the other is not. */
function carefulSum(expected: Float32Array, actual: Float32Array): number {
  let sum = 0
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [expected[i]!, actual[i]!]
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue
    if (!Number.isFinite(a) || !Number.isFinite(b)) return Infinity
    sum += (a - b) ** 2
  }
  return sum
}

/** The norm of the finite elements, after their value in `origin` is subtracted. */
function norm(values: ArrayLike<number>, origin?: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]! - (origin ? origin[i]! : 0)
    if (Number.isFinite(value)) sum += value * value
  }
  return Math.sqrt(sum)
}

function shareDiffering(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  let count = 0
  for (let i = 0; i < expected.length; i++) if (expected[i] !== actual[i]) count++
  return count / Math.max(1, expected.length)
}
