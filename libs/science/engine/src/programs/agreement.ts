import type { Values } from './spilled-tensors.ts'

/** How well a replay agrees with an eager run. */
export interface Agreement {
  /** Whether every value is the same; zeros of either sign are. */
  readonly exact: boolean
  /** The largest deviation of a tensor, and which. */
  readonly deviation: number
  readonly where: string
  /** Where the deviation exceeds the form's tolerance: that which rounding of the inputs brings about. */
  readonly sensitivity?: number
}

/** One result of a program, eager and replayed. */
export interface ComparedTensor {
  readonly where: string
  readonly expected: Values
  readonly actual: Values
  /** The value of a state variable before: what is judged is the change, which is small against the value. */
  readonly before?: Values
}

/**
 * Of the largest norm among a program's tensors: what is smaller may be mere rounding, as the gradient of a bias before
 * a batch norm is.
 */
const negligible = 1e-3

/** Of a state variable's own norm: below it a change drowns in the rounding of the sum. */
const negligibleChange = 1e-2

/**
 * Compares tensors by ‖expected − actual‖ / ‖expected‖, Euclidean norms. Not element by element, since a step by the
 * sign of a gradient may turn single ones over. Whole numbers and truth values: the share that differs. Infinite where
 * one value is finite and the other not.
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

/** The norms of what is expected, and of its change. */
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
 * Parameters and moments of a large model are some 100 million numbers: a plain loop, and a careful one where something
 * is not finite.
 */
function distance(expected: Float32Array, actual: Float32Array): number {
  let sum = 0
  for (let i = 0; i < expected.length; i++) {
    const difference = expected[i]! - actual[i]!
    sum += difference * difference
  }
  return Math.sqrt(Number.isFinite(sum) ? sum : carefulSum(expected, actual))
}

/** Of squared differences; infinite where one is finite and the other not. */
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

/** Of the finite elements, each less its value in `origin`. */
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
