import type { PlannedStage } from '@gauntlet/contract'
import { configurationWith } from '@gauntlet/ledger/fixtures/ledger'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { wallSeconds, type TimedStage } from './wall-time.ts'

const timed = (stage: PlannedStage['stage'], seed: number, seconds: number): TimedStage => {
  const configurations = [configurationWith(seed)]
  return { seconds, planned: { stage, stageKey: null, identity: null, state: 'open', configurations } }
}

it('is the sum on one device, and at least the longest chain on many', () => {
  const durations = fc.array(fc.tuple(fc.nat(100), fc.nat(10), fc.nat(50), fc.nat(50)), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(durations, fc.integer({ min: 2, max: 20 }), (cells, devices) => {
      const stages = cells.flatMap(([train, check, one, two], seed) => [
        timed('fine-tune', seed, train),
        timed('checkpoint', seed, check),
        timed('perturb-and-evaluate', seed, one),
        timed('perturb-and-evaluate', seed, two),
      ])
      const sum = stages.reduce((total, { seconds }) => total + seconds, 0)
      const chain = Math.max(...cells.map(([train, check, one, two]) => train + check + Math.max(one, two)))
      expect(wallSeconds(stages, 1)).toBeCloseTo(sum, 6)
      const wall = wallSeconds(stages, devices)
      expect(wall).toBeGreaterThanOrEqual(Math.max(chain, sum / devices) - 1e-6)
      expect(wall).toBeLessThanOrEqual(sum / devices + chain + 1e-6) // Graham's bound for lists
    }),
    { numRuns: 50 },
  )
})
