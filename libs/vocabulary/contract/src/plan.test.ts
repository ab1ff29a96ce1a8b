import { digestOf } from '@gauntlet/study'
import { describe, expect, it } from 'vitest'
import type { WorkerDescription } from './activities.ts'
import { plan, type KnownStage, type PlannedStage } from './plan.ts'
import { stageCode } from './stage-code.ts'
import { configurations, keyedStages, perturbations, recallWhere, workerWith } from './tiny-plan.fixture.ts'

const worker = workerWith('float32')

const count = (planned: readonly PlannedStage[], stage: string, state: PlannedStage['state']) =>
  planned.filter((one) => one.stage === stage && one.state === state).length

describe('plan', () => {
  it('plans shared stages once and gives no keys to stages whose inputs are still to be made', async () => {
    const planned = await plan(
      configurations,
      perturbations,
      worker,
      recallWhere(() => false),
    )
    expect(keyedStages.map((stage) => count(planned, stage, 'open'))).toEqual([1, 1, 2, 2, 4])
    expect(planned.filter(({ stageKey }) => stageKey !== null).map(({ stage }) => stage)).toEqual([
      'prepare-dataset',
      'pretrain-load',
    ])
  })

  it('finds everything reused when all keys are fulfilled', async () => {
    const planned = await plan(
      configurations,
      perturbations,
      worker,
      recallWhere(() => true),
    )
    expect(keyedStages.map((stage) => count(planned, stage, 'fulfilled'))).toEqual([1, 1, 2, 2, 4])
  })

  it('plans only the new evaluations when a perturbation is added', async () => {
    const before = await plan(
      configurations,
      perturbations.slice(0, 1),
      worker,
      recallWhere(() => true),
    )
    const known = new Set(before.map(({ stageKey }) => stageKey))
    const after = await plan(
      configurations,
      perturbations,
      worker,
      recallWhere((key) => known.has(key)),
    )
    expect(keyedStages.map((stage) => count(after, stage, 'open'))).toEqual([0, 0, 0, 0, 2])
  })

  it('makes other keys where code changed, for its stages and for those that depend on them', async () => {
    const keys = async (description: WorkerDescription) =>
      (
        await plan(
          configurations,
          perturbations,
          description,
          recallWhere(() => true),
        )
      ).map(({ stageKey }) => stageKey)
    const checkpoint = stageCode('checkpoint', configurations[0]!.backbone.id)
    const codeDigests = { ...worker.codeDigests, [checkpoint]: digestOf('other') }
    const changed = await keys({ ...worker, codeDigests })
    const same = (await keys(worker)).map((key, i) => key === changed[i])
    expect(same).toEqual([true, true, true, true, false, false, false, false, false, false])
  })

  it('plans the micro-batch that the workflows shrink to, and none where not even one image fits', async () => {
    const microBatches = async (ranOutAt: number | null) => {
      const recall = recallWhere(() => true)
      const planned = await plan(configurations, perturbations, worker, recall, () => ranOutAt)
      const parameters = planned.flatMap(({ stage, identity }) => (stage === 'fine-tune' ? [identity?.parameters] : []))
      return (parameters as ({ hyperparameters: { microBatch: number } } | undefined)[]).map(
        (each) => each?.hyperparameters.microBatch,
      )
    }
    expect(await microBatches(null)).toEqual([64, 64])
    expect(await microBatches(64)).toEqual([32, 32])
    expect(await microBatches(1)).toEqual([undefined, undefined])
  })

  it('plans nothing behind a training that is known to diverge', async () => {
    const fulfilled = recallWhere(() => true)
    const tunings = (await plan(configurations, perturbations, worker, fulfilled)).filter(
      ({ stage }) => stage === 'fine-tune',
    )
    const planned = await plan(configurations, perturbations, worker, async (keys, identities) => {
      const known = new Map<string, KnownStage>(await fulfilled(keys, identities))
      return known.has(tunings[0]!.stageKey!) ? known.set(tunings[0]!.stageKey!, null) : known
    })
    const diverged = planned.filter(({ state }) => state === 'diverged').map(({ stage }) => stage)
    expect(diverged).toEqual(['fine-tune', 'checkpoint', 'perturb-and-evaluate', 'perturb-and-evaluate'])
    expect(planned.filter(({ state }) => state === 'open')).toEqual([])
  })
})
