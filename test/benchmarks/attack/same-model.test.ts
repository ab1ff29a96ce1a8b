import { describe, expect, it } from 'vitest'
import { requireSameModel } from './same-model.ts'

const logits = [
  [1, -20, 3],
  [4, 5, 6],
]
const moved = (by: number) => logits.map((row) => row.map((value, i) => (i === 1 ? value + by : value)))

describe('the sides of the attack benchmark', () => {
  it('may differ by rounding', () => {
    expect(() => requireSameModel('lite0', { logits: moved(0.001) }, { logits })).not.toThrow()
  })

  it.each([
    ['other values', moved(0.003)],
    ['a value that is no number', moved(NaN)],
    ['fewer images', logits.slice(1)],
    ['more images', [...logits, [0, 0, 0]]],
  ])('are refused where one has %s', (_, found) => {
    expect(() => requireSameModel('lite0', { logits: found }, { logits })).toThrow(
      /lite0: the sides' clean logits.*compare/,
    )
  })
})
