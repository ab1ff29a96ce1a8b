import fc from 'fast-check'
import { expect, it } from 'vitest'
import { pointOfTail, rootBetween } from './root.ts'

it('a root is found to the last digits, whatever the curvature, from either side', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.integer({ min: 1, max: 9 }), (root, power) => {
      const f = (x: number) => x ** power - root ** power
      expect(rootBetween(f, 0, 1)).toBeCloseTo(root, 12)
      expect(rootBetween((x) => -f(x), 1, 0)).toBeCloseTo(root, 12)
    }),
  )
})

it('a tail is found far out, and where it is 0 on the way', () => {
  expect(pointOfTail((x) => Math.exp(-x), 1e-300)).toBeCloseTo(-Math.log(1e-300), 9)
  expect(pointOfTail((x) => Math.max(0, 1 - x / 3), 0.25)).toBeCloseTo(2.25, 12)
  expect(pointOfTail((x) => Math.exp(-1000 * x), 0.5)).toBeCloseTo(Math.LN2 / 1000, 12)
})

it('few evaluations are enough', () => {
  let evaluations = 0
  rootBetween(
    (x) => {
      evaluations++
      return Math.exp(x) - 2
    },
    0,
    1,
  )
  expect(evaluations).toBeLessThan(15)
})
