import { describe, expect, it } from 'vitest'
import { scores } from './scores.ts'

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
