import { digestOf, type StageName } from '@gauntlet/study'
import { expect, it } from 'vitest'
import type { ComparedStage, JudgedReproduction } from '../reproduce/judge-reproduction.ts'
import { refusalOfBridge } from './judge-bridge.ts'
import type { BridgePlan } from './plan-bridge.ts'

const [from, to] = [digestOf('code before'), digestOf('code now')]

/** A plan over a change of the code of checkpoints. */
const plan: BridgePlan = {
  stages: [],
  changes: [{ code: 'checkpoint/Swin', from, to }],
  numbers: [],
  first: 'checkpoint',
}

/** A stage that made the same bytes by the present code in the environment of the record. */
function compared(stage: StageName, changes: Partial<ComparedStage> = {}): ComparedStage {
  const nothing = { otherBytes: [], otherPackages: [], otherEnvironment: [] }
  return { stage, stageKey: digestOf(stage), codeDigest: to, environmentClass: to, seconds: 1, ...nothing, ...changes }
}

function judged(...stages: ComparedStage[]): JudgedReproduction {
  const changed = stages.find(({ otherBytes }) => otherBytes.length > 0)
  return {
    measurementId: digestOf('number'),
    verdict: changed ? 'differs' : 'same-bytes',
    firstStage: changed?.stage ?? null,
    correct: 1,
    total: 2,
    recordedCorrect: 1,
    changedImages: 0,
    stages,
  }
}

it('has nothing against a bridge where every stage made the same bytes by the code that it leads to', () => {
  expect(refusalOfBridge(plan, [judged(compared('checkpoint'), compared('perturb-and-evaluate'))])).toBeNull()
})

it('refuses what was computed by other code than the plan is made for, whatever bytes that made', () => {
  const other = compared('checkpoint', { codeDigest: from })
  expect(refusalOfBridge(plan, [judged(other)])).toBe(
    `The workers run other code of checkpoint/Swin than this checkout (${to.slice(0, 12)}); reproduce in the checkout of the workers.`,
  )
  expect(refusalOfBridge(plan, [judged(other), judged(compared('checkpoint'))])).toBeNull()
})

it('names the first stage of the DAG that made other bytes, and how many numbers changed', () => {
  const late = judged(compared('checkpoint'), compared('perturb-and-evaluate', { otherBytes: ['outcomes'] }))
  const early = judged(compared('checkpoint', { otherBytes: ['checkpoint', 'facts'] }))
  expect(refusalOfBridge(plan, [late, early, judged(compared('checkpoint'))])).toContain(
    'first at stage checkpoint (checkpoint, facts), in 2 of 3 numbers',
  )
})

it('says first that another environment computed it, where other bytes prove nothing', () => {
  const elsewhere = compared('checkpoint', { otherEnvironment: ['threads: 1, now 2'], otherBytes: ['checkpoint'] })
  expect(refusalOfBridge(plan, [judged(elsewhere)])).toBe(
    'checkpoint was computed in another environment class (threads: 1, now 2); reproduce on a machine of the recorded one.',
  )
})
