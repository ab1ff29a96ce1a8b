import fc from 'fast-check'
import { expect, it } from 'vitest'
import { observePace } from './pace.ts'

it('is not guessed before the first work is done, nor from too little of it', () => {
  const pace = observePace()
  expect(pace.secondsLeft(6, 0)).toBeNull()
  expect(pace.secondsLeft(6, 600)).toBeNull() // as while a program is compiled
  expect(pace.secondsLeft(5, 601)).toBeNull() // the pace counts from here
  expect(pace.secondsLeft(4, 603)).toBe(8)
})

it('is that of the work since the first was done, whatever the start took', () => {
  const pace = observePace()
  const told = [1000, 999, 998, 990, 979].map((left, i) => pace.secondsLeft(left, 500 + 10 * i))
  expect(told.slice(0, 3)).toEqual([null, null, null])
  expect(told[3]).toBe((990 / 9) * 20)
  expect(told[4]).toBe((979 / 20) * 30)
})

it('is never negative, infinite or no number, whatever is seen', () => {
  const seen = fc.array(fc.tuple(fc.nat(100), fc.integer({ min: -100, max: 100 })), { maxLength: 20 })
  fc.assert(
    fc.property(seen, (moments) => {
      const pace = observePace()
      for (const [left, seconds] of moments) {
        const told = pace.secondsLeft(left, seconds)
        expect(told === null || (Number.isFinite(told) && told >= 0)).toBe(true)
      }
    }),
  )
})
