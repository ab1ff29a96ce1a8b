import type { StageCount, StudyPlan } from '@gauntlet/client'
import { expect, it } from 'vitest'
import { summarisePlan } from './plan.ts'

it.each([
  [1, 'Nothing to do: its 1 stage is reused.'],
  [1_016, 'Nothing to do: all 1,016 stages are reused.'],
])('says of %i reused stages that nothing is to do', (fulfilled, sentence) => {
  const counts = { toRun: 0, diverged: 0, bridged: 0, fulfilled } as Partial<StageCount>
  expect(summarisePlan({ byStage: [counts], forwardsLeft: 0 } as unknown as StudyPlan)).toBe(sentence)
})
