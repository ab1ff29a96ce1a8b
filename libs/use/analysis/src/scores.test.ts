import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scores, wilsonInterval } from './scores.ts'

const count = fc
  .integer({ min: 1, max: 1000 })
  .chain((total) => fc.integer({ min: 0, max: total }).map((correct) => ({ correct, total })))

describe('scores', () => {
  it('adds and multiplies the accuracies', () => {
    const result = scores([
      { correct: 90, total: 100 },
      { correct: 1, total: 2 },
      { correct: 20, total: 100 },
    ])
    expect(result?.sum).toBeCloseTo(1.6, 12)
    expect(result?.geometric).toBeCloseTo(0.09, 12)
  })

  it('gives none when a number is missing', () => {
    expect(scores([{ correct: 1, total: 1 }, null])).toBeNull()
  })
})

describe('wilsonInterval', () => {
  it('agrees with the published example of 8 in 10', () => {
    const [low, high] = wilsonInterval({ correct: 8, total: 10 })
    expect(low).toBeCloseTo(0.4902, 4)
    expect(high).toBeCloseTo(0.9433, 4)
  })

  it('holds the proportion and stays inside [0, 1]', () => {
    fc.assert(
      fc.property(count, (c) => {
        const [low, high] = wilsonInterval(c)
        expect(low).toBeGreaterThanOrEqual(0)
        expect(high).toBeLessThanOrEqual(1)
        expect(c.correct / c.total).toBeGreaterThanOrEqual(low - 1e-12)
        expect(c.correct / c.total).toBeLessThanOrEqual(high + 1e-12)
      }),
    )
  })
})
