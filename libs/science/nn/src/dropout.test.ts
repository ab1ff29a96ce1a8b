import { tf, type Rank } from '@gauntlet/engine'
import { expect, it } from 'vitest'
import { dropout, MissingRandomness } from './dropout.ts'
import { evaluationMode } from './forward-context.ts'
import { hostRandomness } from './host-randomness.fixture.ts'

const key = { seed: 7, purpose: 'dropout', step: 3 }
const training = (images?: readonly string[]) => ({
  training: true,
  randomness: hostRandomness({ ...key, ...(images && { images }) }),
})

it('in evaluation changes nothing, and needs no random numbers', () => {
  const x = tf.ones([2, 3])
  expect(dropout(x, 0.5, evaluationMode)).toBe(x)
})

it('at rate 0 changes nothing in training', () => {
  const x = tf.ones([2, 3])
  expect(dropout(x, 0, { training: true })).toBe(x)
})

it('in training without random numbers is refused, and the message says what to give', () => {
  expect(() => dropout(tf.ones([2]), 0.1, { training: true })).toThrow(MissingRandomness)
  expect(() => dropout(tf.ones([2]), 0.1, { training: true })).toThrow('`randomness`')
})

it.each([0.1, 0.25, 0.5, 0.9])(
  'zeroes about as many values as the rate %d says, and divides the others by 1 − rate',
  (rate) => {
    const count = 2000
    const values = [...dropout(tf.fill([20, 100], 3), rate, training()).dataSync()]
    const kept = values.filter((value) => value !== 0)
    expect(Math.abs((count - kept.length) / count - rate)).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / count))
    expect(kept.every((value) => Math.abs(value * (1 - rate) - 3) < 1e-4)).toBe(true)
  },
)

it('passes the gradient only where the value was kept', () => {
  const x = tf.ones([40])
  const y = dropout(x, 0.5, training()).dataSync()
  const gradient = tf
    .grad((input) => dropout(input, 0.5, training()).sum())(x)
    .dataSync()
  expect([...gradient]).toEqual([...y])
})

it('gives the same mask for the same key and another for another step, seed, purpose or call', () => {
  const x = tf.ones([200])
  const mask = (change: Partial<typeof key>) =>
    dropout(x, 0.5, { training: true, randomness: hostRandomness({ ...key, ...change }) })
      .dataSync()
      .join('')
  const context = training()
  const [first, second] = [dropout(x, 0.5, context), dropout(x, 0.5, context)].map((y) => y.dataSync().join(''))
  const masks = [mask({}), mask({ step: 4 }), mask({ seed: 8 }), mask({ purpose: 'other' }), second!]
  expect(first).toBe(mask({}))
  expect(new Set(masks).size).toBe(5)
})

it('given images, masks an image alike in any batch and position', () => {
  const rows = (images: string[]) => {
    const y = dropout(tf.ones<Rank.R3>([images.length, 6, 5]), 0.5, training(images)).arraySync()
    return Object.fromEntries(images.map((image, i) => [image, y[i]]))
  }
  const together = rows(['a', 'b', 'c'])
  expect(rows(['c', 'a'])).toEqual({ a: together['a'], c: together['c'] })
  expect(together['a']).not.toEqual(together['b'])
})

it('given images, gives some of them the numbers that they have among all', () => {
  const { randomness } = training(['a', 'b', 'c'])
  const all = randomness.uniform([3, 5]).arraySync() as number[][]
  expect(training(['a', 'b', 'c']).randomness.ofImages(1, 2).uniform([2, 5]).arraySync()).toEqual(all.slice(1))
})

it('given images, draws for axes that hold several rows of each image', () => {
  const y = dropout(tf.ones([6, 5]), 0.5, training(['a', 'b', 'c'])).dataSync()
  expect([...dropout(tf.ones([2, 5]), 0.5, training(['b'])).dataSync()]).toEqual(Array.from(y.subarray(10, 20)))
})

it('refuses rows that cannot be shared out among the images', () => {
  expect(() => dropout(tf.ones([5]), 0.5, training(['a', 'b']))).toThrow(
    '5 random numbers cannot be shared out among 2 images',
  )
})
