import { expect, it } from 'vitest'
import { duration, percent } from './format.ts'

it('writes ratios and durations as people read them', () => {
  expect(percent(0.4375)).toBe('43.8 %')
  expect([0, 59.4, 95, 3661].map(duration)).toEqual(['0 s', '59 s', '1 min 35 s', '1 h 1 min'])
})
