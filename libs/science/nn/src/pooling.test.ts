import { tf, type Tensor4D } from '@gauntlet/engine'
import { expect, it } from 'vitest'
import { averagePool2d, globalAveragePool, maxPool2d } from './pooling.ts'

const row: Tensor4D = tf.tensor4d([-1, -2, -3, -4], [1, 2, 2, 1])

it('gives the mean of each channel, and spreads the gradient evenly', () => {
  const x = tf.tensor4d([1, 10, 2, 20, 3, 30, 6, 60], [1, 2, 2, 2])
  expect([...globalAveragePool(x).dataSync()]).toEqual([3, 30])
  const gradient = tf.grad((input) => globalAveragePool(input as Tensor4D).sum())(x)
  expect([...gradient.dataSync()]).toEqual(Array(8).fill(0.25))
})

it('takes the maximum over the image only, not over the padding', () => {
  expect([...maxPool2d(row, { kernel: 3, stride: 2, padding: 1 }).dataSync()]).toEqual([-1])
  expect([...maxPool2d(row, { kernel: 2, stride: 2 }).dataSync()]).toEqual([-1])
})

it('counts padded zeros in the mean, as PyTorch does by default', () => {
  expect([...averagePool2d(row, { kernel: 2, stride: 2 }).dataSync()]).toEqual([-2.5])
  expect([...averagePool2d(row, { kernel: 2, stride: 2, padding: 1 }).dataSync()]).toEqual([-0.25, -0.5, -0.75, -1])
})
