import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CoverageBroken, tally } from './tally.ts'
import { someOutcomes } from './testing/arbitraries.ts'

describe('the tally', () => {
  it('counts the images that held, in any order', () => {
    fc.assert(
      fc.property(someOutcomes, (outcomes) => {
        const digests = outcomes.map(({ image }) => image)
        const correct = outcomes.filter(({ held }) => held).length
        expect(tally(outcomes.toReversed(), digests)).toEqual({ correct, total: outcomes.length })
      }),
    )
  })

  it('refuses outcomes of which one is missing, twice there, of another image or too many', () => {
    fc.assert(
      fc.property(someOutcomes, fc.nat(), (outcomes, pick) => {
        fc.pre(outcomes.length > 0)
        const digests = outcomes.map(({ image }) => image)
        const place = pick % outcomes.length
        const outcome = outcomes[place]!
        const refused = [
          outcomes.toSpliced(place, 1),
          [...outcomes, outcome],
          outcomes.with(place, { ...outcome, image: 'f'.repeat(63) + 'e' }),
          [...outcomes, { ...outcome, index: outcomes.length }],
        ]
        for (const broken of refused) expect(() => tally(broken, digests)).toThrow(CoverageBroken)
      }),
    )
  })

  it('distinguishes two images of the same bytes by their index', () => {
    const outcome = {
      image: 'a',
      index: 0,
      label: 1,
      prediction: 1,
      held: true,
      felledBy: null,
      run: null,
      margin: 1,
      distance: null,
    }
    const fallen = { ...outcome, index: 1, prediction: 2, held: false, felledBy: 'clean', margin: -1 }
    expect(tally([outcome, fallen], ['a', 'a'])).toEqual({ correct: 1, total: 2 })
    expect(() => tally([outcome, outcome], ['a', 'a'])).toThrow('image 0 has two outcomes')
  })

  it('refuses with an error of its own name, since only wrong code gives such outcomes', () => {
    expect(new CoverageBroken('x').name).toBe('CoverageBroken')
  })
})
