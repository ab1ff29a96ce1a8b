import type { StudySnapshot } from './study-snapshots.ts'
import fc from 'fast-check'
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { StudyPlan } from '../plan/plan-study.ts'
import { timeLeft } from './time-left.ts'

const idle: StudySnapshot = { status: 'running', progress: null, stages: [] }
const planOf = (forwardsLeft: number | null): StudyPlan => ({ stages: [], byStage: [], forwardsLeft })

/**
 * Gives a function that takes a snapshot at a time, with so much work left, and returns the estimate once the plan is
 * made again.
 */
function watchedStudy() {
  const study = { now: 0, left: 1000 as number | Error }
  const time = timeLeft(
    () => (study.left instanceof Error ? Promise.reject(study.left) : Promise.resolve(planOf(study.left))),
    () => study.now,
  )
  const estimateAt = async (seconds: number, left: number | Error) => {
    study.now = 1000 * seconds
    study.left = left
    time.estimate(idle)
    await setImmediate()
    return time.estimate(idle)
  }
  return estimateAt
}

it('gives no estimate before work is seen to be done, then extrapolates its pace', async () => {
  const estimateAt = watchedStudy()
  expect(await estimateAt(0, 1000)).toBeNull()
  expect(await estimateAt(600, 990)).toBeNull() // ten minutes of starting and compiling are no pace
  expect(await estimateAt(610, 890)).toBeCloseTo(89) // 100 in 10 s, 890 to go
  expect(await estimateAt(700, 390)).toBeCloseTo(65) // 600 in 100 s, 390 to go
})

it('waits until there is enough to judge by', async () => {
  const estimateAt = watchedStudy()
  await estimateAt(0, 1000)
  await estimateAt(10, 999)
  expect(await estimateAt(20, 998)).toBeNull() // a thousandth in ten seconds may be anything
  expect(await estimateAt(30, 997)).toBeCloseTo(9970)
})

it('is never negative, infinite or no number, whatever was seen', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(10_000), fc.nat(1000)), { minLength: 1 }), async (snapshots) => {
      const estimateAt = watchedStudy()
      for (const [seconds, left] of snapshots.sort(([a], [b]) => a - b)) {
        const estimate = await estimateAt(seconds, left)
        if (estimate !== null) expect(estimate).toSatisfy((value: number) => Number.isFinite(value) && value >= 0)
      }
    }),
  )
})

it('uses its last plan while the ledger is away', async () => {
  const estimateAt = watchedStudy()
  await estimateAt(0, 100)
  await estimateAt(10, 90)
  expect(await estimateAt(20, 45)).toBeCloseTo(10)
  expect(await estimateAt(30, new Error('gone'))).toBeCloseTo(20)
})

it('does not guess where the work is not known', async () => {
  const time = timeLeft(() => Promise.resolve(planOf(null)))
  time.estimate(idle)
  await setImmediate()
  expect(time.estimate(idle)).toBeNull()
})
