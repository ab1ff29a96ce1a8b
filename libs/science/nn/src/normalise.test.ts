import { tf, type Tensor4D } from '@gauntlet/engine'
import { expect, it } from 'vitest'
import { normalise } from './normalise.ts'

const image = tf.tensor4d([0.5, 0.6, 0.7], [1, 1, 1, 3])
const normalisation = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.25, 0.1], channelOrder: 'rgb' } as const

it('subtracts the mean and divides by the deviation, channel by channel', () => {
  expect([...normalise(image, normalisation).dataSync()]).toEqual([0, expect.closeTo(0.4, 5), expect.closeTo(2, 5)])
})

it('gives blue first where the checkpoint expects it', () => {
  const values = normalise(image, { ...normalisation, channelOrder: 'bgr' }).dataSync()
  expect([...values]).toEqual([expect.closeTo(0.4, 5), expect.closeTo(0.4, 5), 0])
})

it('passes the gradient to the pixels', () => {
  const gradient = tf.grad((pixels) => normalise(pixels as Tensor4D, normalisation).sum())(image)
  expect([...gradient.dataSync()]).toEqual([2, 4, expect.closeTo(10, 4)])
})
