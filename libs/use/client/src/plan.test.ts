import type { WorkerDescription } from '@gauntlet/contract'
import { digestOf, expandStudy, parseStudy, type ArtifactsByRole, type Digest } from '@gauntlet/study'
import { describe, expect, it } from 'vitest'
import { plan, type PlannedStage } from './plan.ts'

const { configurations, perturbations } = expandStudy(
  parseStudy(
    [
      'name: tiny',
      'datasets: [digits]',
      'backbones: [tf_efficientnet_lite0.in1k]',
      'losses: [Classic AT, standard]',
      'protocols: [FFT-1]',
      'perturbations: [clean, common]',
    ].join('\n'),
    'tiny.study.yaml',
  ),
)

const stages = ['prepare-dataset', 'pretrain-load', 'fine-tune', 'checkpoint', 'perturb-and-evaluate'] as const
const code = Object.fromEntries(stages.map((stage) => [stage, digestOf(stage)])) as WorkerDescription['codeDigests']
const worker: WorkerDescription = { environmentClass: digestOf('environment'), environment: null, codeDigests: code }

const outputs = (key: Digest): ArtifactsByRole =>
  Object.fromEntries(
    ['manifest', 'images', 'parameters', 'trained', 'checkpoint', 'outcomes'].map((role) => [
      role,
      { digest: digestOf([key, role]), size: 1, mediaType: 'x' },
    ]),
  )

/** Recalls the keys that `known` accepts. */
const recallWhere = (known: (key: Digest) => boolean) => async (keys: readonly Digest[]) =>
  new Map(keys.filter(known).map((key) => [key, outputs(key)] as const))

const count = (planned: readonly PlannedStage[], stage: string, fulfilled: boolean) =>
  planned.filter((one) => one.stage === stage && one.fulfilled === fulfilled).length

describe('plan', () => {
  it('plans shared stages once and has no keys for what rests on work to be done', async () => {
    const planned = await plan(
      configurations,
      perturbations,
      worker,
      recallWhere(() => false),
    )
    expect(stages.map((stage) => count(planned, stage, false))).toEqual([1, 1, 2, 2, 4])
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
    expect(stages.map((stage) => count(planned, stage, true))).toEqual([1, 1, 2, 2, 4])
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
    expect(stages.map((stage) => count(after, stage, false))).toEqual([0, 0, 0, 0, 2])
  })

  it('makes other keys for other code, for the stages of that code and those that rest on it', async () => {
    const keys = async (description: WorkerDescription) =>
      (
        await plan(
          configurations,
          perturbations,
          description,
          recallWhere(() => true),
        )
      ).map(({ stageKey }) => stageKey)
    const changed = await keys({ ...worker, codeDigests: { ...code, checkpoint: digestOf('other') } })
    const same = (await keys(worker)).map((key, i) => key === changed[i])
    expect(same).toEqual([true, true, true, true, false, false, false, false, false, false])
  })
})
