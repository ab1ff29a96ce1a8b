import { expect, it } from 'vitest'
import { expectAsDefined, given } from '../testing/as-defined.ts'
import { tf, type Tensor1D, type Tensor3D } from '../tf.ts'
import { normaliseLayer } from './layer-normalisation.ts'

const epsilon = 1e-2
const [batch, tokens, features] = [2, 3, 5]

/** (x − μ) / √(σ² + ε) · γ + β of each row, with the population variance (arXiv:1607.06450, section 3). */
function byDefinition(x: Float64Array, scale: Float64Array, offset: Float64Array): Float64Array {
  return x.map((value, i) => {
    const row = x.subarray(i - (i % features), i - (i % features) + features)
    const mean = row.reduce((sum, other) => sum + other, 0) / features
    const variance = row.reduce((sum, other) => sum + (other - mean) ** 2, 0) / features
    return ((value - mean) / Math.sqrt(variance + epsilon)) * scale[i % features]! + offset[i % features]!
  })
}

it('normalises every row by the definition, and gives the gradients of input, scale and offset', () => {
  const kernel = (x: Tensor3D, scale: Tensor1D, offset: Tensor1D) => normaliseLayer(x, scale, offset, epsilon)
  expectAsDefined(kernel as never, byDefinition, [
    given('x', [batch, tokens, features], 3),
    given('scale', [features]),
    given('offset', [features]),
  ])
})

it('is finite where a row is constant, and so is its gradient', () => {
  const [scale, offset] = [tf.ones([4]) as Tensor1D, tf.zeros([4]) as Tensor1D]
  const constant = tf.fill([2, 4], 7)
  const gradient = tf.grad((x) => normaliseLayer(x, scale, offset, 1e-6).sum())(constant)
  const values = [...normaliseLayer(constant, scale, offset, 1e-6).dataSync(), ...gradient.dataSync()]
  expect(values.every((value) => Math.abs(value) < 1e-3)).toBe(true)
})

it('stays precise where the mean is much larger than the deviation', () => {
  const row = [1000, 1001, 1002, 1003]
  const y = normaliseLayer(tf.tensor2d([row]), tf.ones([4]) as Tensor1D, tf.zeros([4]) as Tensor1D, 0)
  const expected = row.map((value) => expect.closeTo((value - 1001.5) / Math.sqrt(1.25), 4))
  expect([...y.dataSync()]).toEqual(expected)
})
