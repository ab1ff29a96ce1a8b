import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packOutcomes, pairedCounts } from '../outcomes/packed-bits.ts'
import { packCauses } from '../outcomes/packed-causes.ts'
import { agreement, alikenesses } from './agreement.ts'
import { outcomeAtlas, type AtlasModel } from './outcome-atlas.ts'

/** A model whose outcomes are written as 1 (held), c (clean), a (APGD) and s (Square). */
function model(id: string, type: string, outcomes: string): AtlasModel {
  const names: Readonly<Record<string, string>> = { c: 'clean', a: 'apgd-ce', s: 'square' }
  const felledBy = [...outcomes].map((letter) => names[letter] ?? null)
  return { id, type, held: packOutcomes(felledBy.map((name) => name === null)), felledBy: packCauses(felledBy) }
}

describe('the atlas of outcomes', () => {
  const images = ['i0', 'i1', 'i2', 'i3', 'i4']
  const atlas = outcomeAtlas(images, [
    model('vit', 'fully attention', 'ca111'),
    model('deit', 'fully attention', 'cas11'),
    model('resnet', 'fully convolutional', 'c111a'),
    model('convnext', 'fully convolutional', 'a11a1'),
  ])

  it('names what fell and what held for all', () => {
    expect(atlas).toMatchObject({ images: 5, models: 4, fellForAll: ['i0'], heldForAll: [] })
    expect(outcomeAtlas(['x'], [model('a', 't', '1'), model('b', 't', '1')])).toMatchObject({ heldForAll: ['x'] })
  })

  it('names what fell for one family type only, the most often first', () => {
    expect(atlas.fellOnlyFor).toEqual({
      'fully attention': [
        { image: 'i1', fell: 2, felledBy: { 'apgd-ce': 2 } },
        { image: 'i2', fell: 1, felledBy: { square: 1 } },
      ],
      'fully convolutional': [
        { image: 'i3', fell: 1, felledBy: { 'apgd-ce': 1 } },
        { image: 'i4', fell: 1, felledBy: { 'apgd-ce': 1 } },
      ],
    })
  })

  it('counts which attack felled how many, by family type', () => {
    expect(atlas.felledBy).toEqual({
      'fully attention': { clean: 2, 'apgd-ce': 2, square: 1 },
      'fully convolutional': { clean: 1, 'apgd-ce': 3 },
    })
  })

  it('does without what felled them', () => {
    const { held, id, type } = model('vit', 'hybrid', 'a1')
    const found = outcomeAtlas(['x', 'y'], [{ id, type, held }])
    expect(found.felledBy).toEqual({ hybrid: {} })
    expect(found.fellOnlyFor).toEqual({ hybrid: [{ image: 'x', fell: 1, felledBy: {} }] })
  })
})

describe('the agreement of two models', () => {
  it('is that of the published example: 20 + 15 of 50 agree, κ is 0.4 (Cohen 1960)', () => {
    expect(agreement({ bothHeld: 20, onlyFirst: 5, onlySecond: 10, neither: 15 }).kappa).toBeCloseTo(0.4, 12)
  })

  it('is Pearson’s correlation of the outcomes', () => {
    const outcomes = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 2, maxLength: 60 })
    fc.assert(
      fc.property(outcomes, (pairs) => {
        const sides = [0, 1].map((side) => pairs.map((pair) => (pair[side]! ? 1 : 0)))
        const means = sides.map((side) => side.reduce((a: number, b) => a + b, 0) / side.length)
        const product = (a: number, b: number) =>
          sides[a]!.reduce((sum: number, x, i) => sum + (x - means[a]!) * (sides[b]![i]! - means[b]!), 0)
        const spread = Math.sqrt(product(0, 0) * product(1, 1))
        const [first, second] = sides.map((side) => packOutcomes(side.map(Boolean)))
        const { phi } = agreement(pairedCounts(first!, second!, pairs.length))
        if (spread === 0) expect(phi).toBeNull()
        else expect(phi).toBeCloseTo(product(0, 1) / spread, 10)
      }),
    )
  })

  it('of a model with itself is 1, and not defined for one that always holds', () => {
    const [mixed, always] = [packOutcomes([true, false, true]), packOutcomes([true, true, true])]
    const of = (first: Uint32Array, second: Uint32Array) => agreement(pairedCounts(first, second, 3))
    expect(of(mixed, mixed)).toEqual({ phi: 1, kappa: 1 })
    expect(of(always, always)).toEqual({ phi: null, kappa: null })
    expect(of(mixed, always)).toEqual({ phi: null, kappa: 0 })
    expect(of(always, mixed)).toEqual({ phi: null, kappa: 0 })
  })

  it('of many models is told by what each is most alike, as in the matrix of all pairs', () => {
    const outcomes = fc.array(fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), { maxLength: 6 })
    fc.assert(
      fc.property(outcomes, (models) => {
        const packed = models.map((held) => packOutcomes(held))
        const phis = packed.map((one, i) =>
          packed.map((other, j) => (i === j ? null : agreement(pairedCounts(one, other, 8)).phi)),
        )
        const mean = (values: readonly (number | null)[]) => {
          const known = values.filter((value) => value !== null)
          return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
        }
        const found = alikenesses(packed, 8)
        expect(found.models.map(({ meanPhi }) => meanPhi)).toEqual(phis.map(mean))
        expect(found.meanPhi).toBe(mean(phis.flatMap((row, i) => row.slice(i + 1))))
        for (const [i, { closest }] of found.models.entries()) {
          const most = Math.max(...phis[i]!.filter((phi) => phi !== null))
          expect(closest?.place ?? -1).toBe(phis[i]!.indexOf(most))
          expect(closest?.phi ?? -Infinity).toBe(most)
        }
      }),
    )
  })
})
