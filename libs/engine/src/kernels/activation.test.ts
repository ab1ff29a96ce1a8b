import { expect, it } from 'vitest'
import { tf } from '../tf.ts'
import { relu6 } from './activation.ts'

const values = [-1, -0, 0, 1e-6, 3, 5.999, 6, 7]

it('clips to [0, 6]', () => {
  expect([...relu6(tf.tensor1d(values)).dataSync()]).toEqual(values.map((x) => expect.closeTo(Math.min(Math.max(x, 0), 6), 5)))
})

it('passes the gradient strictly between the corners only, as PyTorch does', () => {
  const gradient = tf.grad((x) => relu6(x).mul(2).sum())(tf.tensor1d(values))
  expect([...gradient.dataSync()]).toEqual([0, 0, 0, 2, 2, 2, 0, 0])
})
