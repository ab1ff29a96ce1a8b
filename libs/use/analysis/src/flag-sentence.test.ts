import { describe, expect, it } from 'vitest'
import { flagSentence } from './flag-sentence.ts'

describe('the sentence of a flag', () => {
  it.each([
    'randomised',
    'probabilities',
    'zero-gradient',
    'square-gained',
    'few-classes',
    'saturated',
    'square-first',
    'unsettled',
  ])('of %s is one of its own, and says what to do', (name) => {
    const sentence = flagSentence({ name, value: 0.25, limit: 0.1, policy: 'refuse' })
    expect(sentence).not.toMatch(/ is 0.25 \(limit/) // the words for a flag nobody knows
    expect(sentence).toMatch(/; do not rank this number\.$/)
  })

  it('of a flag that only a later version knows has its number', () => {
    expect(flagSentence({ name: 'new', value: 1 / 3, limit: 0.1, policy: 'mark' })).toBe(
      'new is 0.333 (limit 0.1); bear it in mind.',
    )
  })
})
