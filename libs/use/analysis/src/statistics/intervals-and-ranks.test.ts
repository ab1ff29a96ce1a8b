import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nemenyiCriticalDifference } from './nemenyi.ts'
import { comparePaired } from './paired-outcomes.ts'
import { clopperPearsonInterval, wilsonInterval } from './proportion-intervals.ts'
import { ranks, ranksFromTop } from './ranks.ts'

const count = fc
  .integer({ min: 1, max: 1000 })
  .chain((total) => fc.integer({ min: 0, max: total }).map((correct) => ({ correct, total })))

describe('intervals of a proportion', () => {
  it('by Wilson: agrees with the published example of 8 in 10', () => {
    const [low, high] = wilsonInterval({ correct: 8, total: 10 })
    expect(low).toBeCloseTo(0.4902, 4)
    expect(high).toBeCloseTo(0.9433, 4)
  })

  it.each([wilsonInterval, clopperPearsonInterval])('%o holds the proportion and stays inside [0, 1]', (interval) => {
    fc.assert(
      fc.property(count, (c) => {
        const [low, high] = interval(c)
        expect(low).toBeGreaterThanOrEqual(0)
        expect(high).toBeLessThanOrEqual(1)
        expect(c.correct / c.total).toBeGreaterThanOrEqual(low - 1e-12)
        expect(c.correct / c.total).toBeLessThanOrEqual(high + 1e-12)
      }),
      { numRuns: 50 },
    )
  })

  it('of more confidence is wider', () => {
    const [low, high] = wilsonInterval({ correct: 3, total: 20 }, 0.99)
    const [lowAt95, highAt95] = wilsonInterval({ correct: 3, total: 20 })
    expect(low).toBeLessThan(lowAt95)
    expect(high).toBeGreaterThan(highAt95)
  })
})

describe('two models on the same images', () => {
  it('agree with the example of Fagerland, Lydersen and Laake (2014), airway reactivity: −0.507 to −0.026', () => {
    const { difference, interval, pValue } = comparePaired({ bothHeld: 1, onlyFirst: 1, onlySecond: 7, neither: 12 })
    expect(difference).toBeCloseTo(-0.286, 3)
    expect(interval[0]).toBeCloseTo(-0.507, 3)
    expect(interval[1]).toBeCloseTo(-0.026, 3)
    expect(pValue).toBeCloseTo(0.0703, 4)
  })

  it('swap with the sign of the difference', () => {
    const cell = fc.integer({ min: 0, max: 50 })
    fc.assert(
      fc.property(cell, cell, cell, cell, (bothHeld, onlyFirst, onlySecond, rest) => {
        const neither = rest + 1
        const one = comparePaired({ bothHeld, onlyFirst, onlySecond, neither })
        const other = comparePaired({ bothHeld, onlyFirst: onlySecond, onlySecond: onlyFirst, neither })
        expect(other.difference).toBeCloseTo(-one.difference, 12)
        expect(other.interval[0]).toBeCloseTo(-one.interval[1], 12)
        expect(other.pValue).toBe(one.pValue)
      }),
    )
  })
})

describe('ranks', () => {
  const values = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 30 })

  it('by the least count who is below, and midranks add to n (n + 1) / 2', () => {
    fc.assert(
      fc.property(values, (numbers) => {
        const least = ranks(numbers, 'min')
        numbers.forEach((value, i) => expect(least[i]).toBe(1 + numbers.filter((other) => other < value).length))
        const sum = ranks(numbers, 'average').reduce((a, b) => a + b, 0)
        expect(sum).toBe((numbers.length * (numbers.length + 1)) / 2)
      }),
    )
  })

  it('from the top give equals the better one', () => {
    expect([...ranksFromTop([3, 9, 9, 1])]).toEqual([3, 1, 1, 4])
  })
})

it('40 backbones over 6 datasets differ by Nemenyi’s test only where their mean ranks lie 26.2 apart', () => {
  expect(nemenyiCriticalDifference(40, 6)).toBeCloseTo(26.2, 1)
  // Demšar 2006, table 5: q at 0.05 for 4 classifiers is 2.569; its example of 14 data sets has a difference of 1.25.
  expect(nemenyiCriticalDifference(4, 14)).toBeCloseTo(1.25, 2)
})
