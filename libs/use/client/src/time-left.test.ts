import type { StudySnapshot } from './watch-study.ts'
import fc from 'fast-check'
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { StudyPlan } from './plan-study.ts'
import { timeLeft } from './time-left.ts'

const idle: StudySnapshot = { status: 'running', progress: null, stages: [] }
const planOf = (forwardsLeft: number | null): StudyPlan => ({ stages: [], byStage: [], forwardsLeft })

/** A clock, what is left of the study, and one look at it after the plan has been made anew. */
function watched() {
  const study = { now: 0, left: 1000 as number | Error }
  const clock = timeLeft(
    () => (study.left instanceof Error ? Promise.reject(study.left) : Promise.resolve(planOf(study.left))),
    () => study.now,
  )
  const look = async (seconds: number, left: number | Error) => {
    study.now = 1000 * seconds
    study.left = left
    clock.estimate(idle)
    await setImmediate()
    return clock.estimate(idle)
  }
  return look
}

it('says nothing before work was seen to be done, then extrapolates its pace', async () => {
  const look = watched()
  expect(await look(0, 1000)).toBeNull()
  expect(await look(600, 990)).toBeNull() // ten minutes of starting and compiling are no pace
  expect(await look(610, 890)).toBeCloseTo(89) // 100 in 10 s, 890 to go
  expect(await look(700, 390)).toBeCloseTo(65) // 600 in 100 s, 390 to go
})

it('waits until there is enough to judge by', async () => {
  const look = watched()
  await look(0, 1000)
  await look(10, 999)
  expect(await look(20, 998)).toBeNull() // a thousandth in ten seconds may be anything
  expect(await look(30, 997)).toBeCloseTo(9970)
})

it('is never negative, infinite or no number, whatever was seen', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(10_000), fc.nat(1000)), { minLength: 1 }), async (looks) => {
      const look = watched()
      for (const [seconds, left] of looks.sort(([a], [b]) => a - b)) {
        const estimate = await look(seconds, left)
        if (estimate !== null) expect(estimate).toSatisfy((value: number) => Number.isFinite(value) && value >= 0)
      }
    }),
  )
})

it('goes on with its last plan while the ledger is away', async () => {
  const look = watched()
  await look(0, 100)
  await look(10, 90)
  expect(await look(20, 45)).toBeCloseTo(10)
  expect(await look(30, new Error('gone'))).toBeCloseTo(20)
})

it('does not guess where the work is not known', async () => {
  const clock = timeLeft(() => Promise.resolve(planOf(null)))
  clock.estimate(idle)
  await setImmediate()
  expect(clock.estimate(idle)).toBeNull()
})
