import { expect, it } from 'vitest'
import { expectAsDefined, given } from '../testing/as-defined.ts'
import { tf, type Tensor } from '../tf.ts'
import { gelu, hardSigmoid, hardSwish, quickGelu, relu, relu6, sigmoid, silu, softmax } from './activation.ts'

/** erf by its power series, exact to 1e-9 for |x| < 4 in float64. */
function erf(x: number): number {
  let [term, sum] = [x, x]
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n
    sum += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}

const logistic = (x: number) => 1 / (1 + Math.exp(-x))
const clip6 = (x: number) => Math.min(Math.max(x, 0), 6)

const definitions: [string, (x: Tensor) => Tensor, (x: number) => number][] = [
  ['relu', relu, (x) => Math.max(x, 0)],
  ['relu6', relu6, clip6],
  ['sigmoid', sigmoid, logistic],
  ['silu', silu, (x) => x * logistic(x)],
  ['quickGelu', quickGelu, (x) => x * logistic(1.702 * x)],
  ['gelu', gelu, (x) => (x * (1 + erf(x / Math.SQRT2))) / 2],
  ['hardSigmoid', hardSigmoid, (x) => clip6(x + 3) / 6],
  ['hardSwish', hardSwish, (x) => (x * clip6(x + 3)) / 6],
]

it.each(definitions)('%s and its gradient are what the definition says', (_, activation, definition) => {
  const x = given('x', [6, 7], 5)
  expectAsDefined(activation as never, (values) => values.map(definition), [x])
})

it('relu6 passes the gradient strictly between the corners only, as PyTorch does', () => {
  const values = [-1, -0, 0, 1e-6, 3, 5.999, 6, 7]
  const gradient = tf.grad((x) => relu6(x).mul(2).sum())(tf.tensor1d(values))
  expect([...gradient.dataSync()]).toEqual([0, 0, 0, 2, 2, 2, 0, 0])
})

it('hard sigmoid passes the gradient strictly between −3 and 3 only, as PyTorch does', () => {
  const gradient = tf.grad((x) => hardSigmoid(x).mul(6).sum())(tf.tensor1d([-4, -3, -2.9, 0, 2.9, 3, 4]))
  expect([...gradient.dataSync()]).toEqual([0, 0, 1, 1, 1, 0, 0].map((value) => expect.closeTo(value, 6)))
})

it('stays finite far from zero, and so does its gradient', () => {
  const far = tf.tensor1d([-1e4, -200, -40, 40, 200, 1e4])
  for (const [name, activation] of definitions) {
    const gradient = tf.grad((x) => activation(x).sum())(far)
    expect([...activation(far).dataSync(), ...gradient.dataSync()].every(Number.isFinite), name).toBe(true)
  }
})

it('softmax along the last axis and its gradient are what the definition says', () => {
  expectAsDefined(softmax as never, (x) => softmaxRows(x, 5), [given('x', [2, 3, 5], 4)])
})

it('softmax of large numbers does not overflow', () => {
  expect([...softmax(tf.tensor2d([[1000, 1000, -1000]])).dataSync()]).toEqual([0.5, 0.5, 0])
})

function softmaxRows(x: Float64Array, width: number): Float64Array {
  return x.map((value, i) => {
    const row = x.subarray(i - (i % width), i - (i % width) + width)
    return Math.exp(value) / row.reduce((sum, other) => sum + Math.exp(other), 0)
  })
}
