import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { learningRatesAt } from './learning-rate.ts'

const base = { learningRateBackbone: 0.1, learningRateHead: 0.4 }

describe('learningRatesAt', () => {
  it('is constant without cosine decay', () => {
    fc.assert(
      fc.property(fc.nat(49), (epoch) => {
        expect(learningRatesAt(epoch, 50, { ...base, cosine: false })).toEqual({ backbone: 0.1, head: 0.4 })
      }),
    )
  })

  it('falls from the full rate towards 0 with half of it in the middle, for backbone and head alike', () => {
    const rates = Array.from({ length: 50 }, (_, epoch) => learningRatesAt(epoch, 50, { ...base, cosine: true }))
    expect(rates[0]).toEqual({ backbone: 0.1, head: 0.4 })
    expect(rates[25]!.backbone).toBeCloseTo(0.05, 12)
    rates.slice(1).forEach((rate, i) => expect(rate.backbone).toBeLessThan(rates[i]!.backbone))
    rates.forEach(({ backbone, head }) => expect(head).toBeCloseTo(4 * backbone, 12))
    expect(rates[49]!.backbone).toBeGreaterThan(0)
  })
})
