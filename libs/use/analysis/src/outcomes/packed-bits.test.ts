import fc from 'fast-check'
import { expect, it } from 'vitest'
import { countBoth, countHeld, heldAt, packOutcomes, pairedCounts } from './packed-bits.ts'

const pairs = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 130 })

it('packed outcomes keep each image’s, and counts are those of the unpacked', () => {
  fc.assert(
    fc.property(pairs, (outcomes) => {
      const [first, second] = [0, 1].map((side) => outcomes.map((pair) => pair[side]!)) as [boolean[], boolean[]]
      const [a, b] = [packOutcomes(first), packOutcomes(second)]
      expect(first.map((_, i) => heldAt(a, i))).toEqual(first)
      expect(countHeld(a)).toBe(first.filter(Boolean).length)
      expect(countBoth(a, b)).toBe(outcomes.filter(([x, y]) => x && y).length)
      const counted = (x: boolean, y: boolean) => outcomes.filter(([p, q]) => p === x && q === y).length
      expect(pairedCounts(a, b, outcomes.length)).toEqual({
        bothHeld: counted(true, true),
        onlyFirst: counted(true, false),
        onlySecond: counted(false, true),
        neither: counted(false, false),
      })
    }),
  )
})
