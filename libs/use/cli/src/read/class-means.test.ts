import fc from 'fast-check'
import { expect, it } from 'vitest'
import { meanPerClass } from './class-means.ts'

const outcome = fc.record({ label: fc.nat(5), held: fc.boolean() })

it('counts every class alike, however many images it has', () => {
  const held = (label: number, ...values: boolean[]) => values.map((value) => ({ label, held: value }))
  expect(meanPerClass([...held(0, true, true, true, true), ...held(1, true, false)])).toBe(0.75)
})

it('does not change when images of a class are repeated, and lies between the worst and the best class', () => {
  fc.assert(
    fc.property(fc.array(outcome, { minLength: 1 }), fc.nat(5), (outcomes, label) => {
      const mean = meanPerClass(outcomes)
      const repeated = [...outcomes, ...outcomes.filter((each) => each.label === label)]
      expect(meanPerClass(repeated)).toBeCloseTo(mean, 12)
      expect(mean).toBeGreaterThanOrEqual(0)
      expect(mean).toBeLessThanOrEqual(1)
    }),
  )
})

it('is the accuracy where all classes have equally many images', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()), { minLength: 1 }), (rows) => {
      const outcomes = rows.flatMap((row) => row.map((held, label) => ({ label, held })))
      const correct = outcomes.filter(({ held }) => held).length
      expect(meanPerClass(outcomes)).toBeCloseTo(correct / outcomes.length, 12)
    }),
  )
})
