import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planEpoch, stepsPerEpoch } from './epoch-plan.ts'

const settings = fc.record({
  seed: fc.nat(100),
  epoch: fc.nat(100),
  count: fc.integer({ min: 1, max: 300 }),
  effectiveBatch: fc.integer({ min: 1, max: 64 }),
  microBatch: fc.integer({ min: 1, max: 64 }),
})

describe('planEpoch', () => {
  it('takes every image exactly once', () => {
    fc.assert(
      fc.property(settings, (one) => {
        const taken = planEpoch(one).flat(2)
        expect(taken.toSorted((a, b) => a - b)).toEqual(Array.from({ length: one.count }, (_, i) => i))
      }),
    )
  })

  it('keeps steps and micro-batches within their sizes, but for one image that is left over', () => {
    fc.assert(
      fc.property(settings, (one) => {
        const plan = planEpoch(one)
        expect(plan.length).toBe(stepsPerEpoch(one.count, one.effectiveBatch))
        for (const [i, step] of plan.entries()) {
          const size = step.flat().length
          expect(Math.max(...step.map((micro) => micro.length))).toBeLessThanOrEqual(one.microBatch)
          if (i < plan.length - 1) expect(size).toBe(one.effectiveBatch)
          else expect(size).toBeLessThanOrEqual(one.effectiveBatch + 1)
        }
      }),
    )
  })

  it('never leaves a micro-batch of one image where two are possible', () => {
    fc.assert(
      fc.property(settings, (one) => {
        fc.pre(one.count > 1 && one.effectiveBatch > 1 && one.microBatch > 2)
        for (const micro of planEpoch(one).flat()) expect(micro.length).toBeGreaterThan(1)
      }),
    )
  })

  it('puts the same images into the same steps whatever the micro-batch', () => {
    fc.assert(
      fc.property(settings, fc.integer({ min: 1, max: 64 }), (one, microBatch) => {
        const steps = (plan: ReturnType<typeof planEpoch>) => plan.map((step) => step.flat())
        expect(steps(planEpoch({ ...one, microBatch }))).toEqual(steps(planEpoch(one)))
      }),
    )
  })

  it('shuffles every epoch anew, and the same epoch always in the same way', () => {
    const one = { seed: 1, epoch: 0, count: 50, effectiveBatch: 50, microBatch: 50 }
    expect(planEpoch(one)).toEqual(planEpoch(one))
    expect(planEpoch(one)).not.toEqual(planEpoch({ ...one, epoch: 1 }))
    expect(planEpoch(one)).not.toEqual(planEpoch({ ...one, seed: 2 }))
  })
})
