import { tf } from '@gauntlet/engine'
import { expect, it } from 'vitest'
import { layerNorm } from './layer-norm.ts'
import { Parameters } from './parameters.ts'

const parameters = Parameters.of([
  ['weight', tf.tensor1d([1, 2, 1, 2])],
  ['bias', tf.tensor1d([0, 0, 5, 5])],
])

it.each([[[4]], [[1, 4]], [[1, 1, 1, 4]]])('normalises the last axis of %j by weight and bias', (shape) => {
  const y = layerNorm(tf.tensor([1, 2, 3, 4], shape), parameters, { epsilon: 0 })
  expect(y.shape).toEqual(shape)
  const deviation = Math.sqrt(1.25)
  const expected = [-1.5, -1, 0.5 + 5 * deviation, 3 + 5 * deviation]
  expect([...y.dataSync()]).toEqual(expected.map((value) => expect.closeTo(value / deviation, 4)))
})
