import { tf, type Tensor4D } from '@gauntlet/engine'
import { expect, it } from 'vitest'
import { resizeBilinear } from './resize-bilinear.ts'

const x: Tensor4D = tf.tensor4d([0, 4, 8, 12], [1, 1, 4, 1])

it('has pixel centres at half integers, as PyTorch has without aligned corners', () => {
  expect([...resizeBilinear(x, 1, 2).dataSync()]).toEqual([2, 10])
  expect([...resizeBilinear(x, 1, 8).dataSync()]).toEqual([0, 1, 3, 5, 7, 9, 11, 12])
})

it('gives an image that has the size already back as it is', () => {
  expect(resizeBilinear(x, 1, 4)).toBe(x)
})
