import type { StudySnapshot } from './watch-study.ts'
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { StudyPlan } from './plan-study.ts'
import { timeLeft } from './time-left.ts'

const idle: StudySnapshot = { status: 'running', progress: null, stages: [] }
const planOf = (forwardsLeft: number | null): StudyPlan => ({ stages: [], byStage: [], forwardsLeft })

it('says nothing before work was seen to be done, then extrapolates its pace', async () => {
  let [now, left] = [0, 1000]
  const clock = timeLeft(
    () => Promise.resolve(planOf(left)),
    () => now,
  )
  expect(clock.estimate(idle)).toBeNull()
  await setImmediate()
  expect(clock.estimate(idle)).toBeNull()
  now += 10_000
  left = 800
  clock.estimate(idle)
  await setImmediate()
  expect(clock.estimate(idle)).toBeCloseTo(40) // 200 in 10 s, 800 to go
})

it('goes on with its last plan while the ledger is away', async () => {
  let [now, away] = [0, false]
  const clock = timeLeft(
    () => (away ? Promise.reject(new Error('gone')) : Promise.resolve(planOf(now === 0 ? 100 : 50))),
    () => now,
  )
  clock.estimate(idle)
  await setImmediate()
  clock.estimate(idle)
  now = 10_000
  clock.estimate(idle)
  await setImmediate()
  expect(clock.estimate(idle)).toBeCloseTo(10)
  away = true
  now = 20_000
  clock.estimate(idle)
  await setImmediate()
  expect(clock.estimate(idle)).toBeCloseTo(20)
})

it('does not guess where the work is not known', async () => {
  const clock = timeLeft(() => Promise.resolve(planOf(null)))
  clock.estimate(idle)
  await setImmediate()
  expect(clock.estimate(idle)).toBeNull()
})
