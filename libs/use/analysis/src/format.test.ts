import { expect, it } from 'vitest'
import { duration, percent, pValueText } from './format.ts'

it('writes ratios and durations as people read them', () => {
  expect(percent(0.4375)).toBe('43.8 %')
  expect([0, 59.4, 95, 3661].map(duration)).toEqual(['0 s', '59 s', '1 min 35 s', '1 h 1 min'])
})

it('writes small p-values with their power of ten', () => {
  expect([1, 0.0314, 0.001, 2.4e-7, 0].map(pValueText)).toEqual(['1.000', '0.031', '0.001', '2.4e-7', '< 1e-300'])
})
