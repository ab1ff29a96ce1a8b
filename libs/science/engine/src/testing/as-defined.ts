import { expect } from 'vitest'
import { uniform } from '../random.ts'
import { tf, type Tensor } from '../tf.ts'

/** An input of a kernel: its numbers and their shape. */
export interface Given {
  readonly values: Float32Array
  readonly shape: readonly number[]
}

/** Random numbers in [−`range`, `range`). */
export function given(purpose: string, shape: readonly number[], range = 1): Given {
  const count = shape.reduce((product, size) => product * size, 1)
  return { values: uniform({ seed: 1, purpose }, count).map((u) => (2 * u - 1) * range), shape }
}

/**
 * Expects a kernel to give what a definition in float64 gives: the values, and the gradients of their sum with random
 * weights, which the definition gives by central differences.
 */
export function expectAsDefined(
  kernel: (...inputs: never[]) => Tensor,
  definition: (...inputs: Float64Array[]) => ArrayLike<number>,
  inputs: readonly Given[],
): void {
  const run = kernel as unknown as (...tensors: Tensor[]) => Tensor
  const doubles = inputs.map(({ values }) => Float64Array.from(values))
  const expected = Float64Array.from(definition(...doubles))
  const weights = uniform({ seed: 2, purpose: 'weights' }, expected.length)
  tf.tidy(() => {
    const tensors = inputs.map(({ values, shape }) => tf.tensor(values, [...shape]))
    expectClose('value', run(...tensors), expected)
    const weighed = (...of: Tensor[]) => {
      const y = run(...of)
      return y.mul(tf.tensor(weights, y.shape)).sum()
    }
    const gradients = tf.grads(weighed)(tensors)
    doubles.forEach((_, i) =>
      expectClose(`gradient ${i}`, gradients[i]!, numericGradient(definition, doubles, i, weights)),
    )
  })
}

function numericGradient(
  definition: (...inputs: Float64Array[]) => ArrayLike<number>,
  inputs: readonly Float64Array[],
  which: number,
  weights: Float32Array,
): Float64Array {
  const step = 1e-4
  const at = (i: number, shift: number) => {
    const moved = inputs.map((values, j) =>
      j === which ? values.map((value, k) => (k === i ? value + shift : value)) : values,
    )
    return Float64Array.from(definition(...moved)).reduce((sum, value, j) => sum + value * weights[j]!, 0)
  }
  return inputs[which]!.map((_, i) => (at(i, step) - at(i, -step)) / (2 * step))
}

function expectClose(what: string, actual: Tensor, expected: Float64Array): void {
  const values = actual.dataSync()
  expect(values.length, what).toBe(expected.length)
  const largest = Math.max(1, ...Array.from(expected, Math.abs))
  expected.forEach((value, i) => expect(Math.abs(values[i]! - value) / largest, `${what} at ${i}`).toBeLessThan(1e-5))
}
