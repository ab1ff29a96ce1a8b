import { tf } from '@gauntlet/engine'
import { expect, it } from 'vitest'
import { linear } from './linear.ts'
import { Parameters } from './parameters.ts'

const weight = ['weight', tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2])] as const
const x = tf.tensor2d([1, 0, -1], [1, 3])

it('multiplies by the weight and adds the bias', () => {
  const parameters = Parameters.of([weight, ['bias', tf.tensor1d([10, 20])]])
  expect([...linear(x, parameters).dataSync()]).toEqual([6, 16])
})

it('adds no bias where there is none', () => {
  expect([...linear(x, Parameters.of([weight])).dataSync()]).toEqual([-4, -4])
})
