import { tf } from '@gauntlet/engine'
import { expect, it } from 'vitest'
import { dropPath } from './drop-path.ts'
import { MissingRandomness } from './dropout.ts'
import { evaluationMode } from './forward-context.ts'
import type { Randomness } from './randomness.ts'

const x = tf.tensor4d([1, 2, 3, 4, 5, 6], [3, 1, 1, 2])

/** One number per image. At a rate of 0.25 the first image loses its branch and the others keep it. */
const randomness: Randomness = {
  uniform: (shape) => tf.tensor([0.1, 0.25, 0.9], [...shape]),
  ofImages: () => randomness,
}
const training = { training: true, randomness }

it('drops the branch of whole images, and scales those of the others up', () => {
  const y = [...dropPath(x, 0.25, training).dataSync()]
  expect(y).toEqual([0, 0, 4, 16 / 3, 20 / 3, 8].map((value) => expect.closeTo(value, 5)))
})

it('passes the gradient where it passes the value', () => {
  const gradient = tf.grad((value) => dropPath(value, 0.25, training).sum())(x)
  expect([...gradient.dataSync()]).toEqual([0, 0, 4 / 3, 4 / 3, 4 / 3, 4 / 3].map((value) => expect.closeTo(value, 5)))
})

it('does nothing in evaluation or at a rate of 0', () => {
  expect(dropPath(x, 0.25, evaluationMode)).toBe(x)
  expect(dropPath(x, 0, { training: true })).toBe(x)
})

it('refuses training without random numbers', () => {
  expect(() => dropPath(x, 0.25, { training: true })).toThrow(MissingRandomness)
})
