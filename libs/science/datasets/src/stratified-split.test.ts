import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RandomState } from './random-state.ts'
import { stratifiedSplit } from './stratified-split.ts'

/** Made by `test/parity/datasets/make_splits.py` with NumPy and scikit-learn. */
const { numbers, cases } = JSON.parse(
  readFileSync(new URL('../../../../test/parity/datasets/splits.json', import.meta.url), 'utf8'),
) as {
  numbers: Record<string, number[]>
  cases: {
    name: string
    labels: number[]
    seed: number
    test_size?: number
    train_size?: number
    train: number[]
    test: number[]
  }[]
}

it.each(Object.entries(numbers))('permutes as numpy.random.RandomState(%s)', (seed, expected) => {
  expect(new RandomState(Number(seed)).permutation([...Array(1000).keys()]).slice(0, 50)).toEqual(expected)
})

it.each(cases)('splits as train_test_split: $name', ({ labels, seed, test_size, train_size, train, test }) => {
  const part = train_size === undefined ? { testFraction: test_size! } : { trainCount: train_size }
  expect(stratifiedSplit(labels, part, seed)).toEqual({ train, test })
})

it('puts every position into exactly one part, each class in proportion', () => {
  const labels = fc.array(fc.nat(5), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(labels, fc.double({ min: 0.05, max: 0.5, noNaN: true }), fc.nat(1000), (all, testFraction, seed) => {
      const { train, test } = stratifiedSplit(all, { testFraction }, seed)
      expect([...train, ...test].toSorted((a, b) => a - b)).toEqual([...all.keys()])
      expect(test).toHaveLength(Math.ceil(testFraction * all.length))
      for (const label of new Set(all)) {
        const of = (part: readonly number[]) => part.filter((position) => all[position] === label).length
        const exact = ((of(train) + of(test)) * test.length) / all.length
        expect(Math.abs(of(test) - exact)).toBeLessThanOrEqual(1)
      }
    }),
  )
})

it('splits a class of more images than a call may have arguments', () => {
  const { train, test } = stratifiedSplit(Array<number>(400_000).fill(0), { testFraction: 0.4 }, 1)
  expect([train.length, test.length]).toEqual([240_000, 160_000])
})
