import { openArtifactStore } from '@gauntlet/artifacts'
import { planStudy, readResults } from '@gauntlet/client'
import {
  perturbAndEvaluateIdentity,
  plan,
  type EvaluatedPerturbation,
  type PlannedStage,
  type WorkerDescription,
} from '@gauntlet/contract'
import { studyText } from '@gauntlet/contract/fixtures/tiny-plan'
import {
  BridgeUnfounded,
  BridgeUnknown,
  bridgesOf,
  bridgesTo,
  changesSince,
  knownStages,
  recordBridge,
  recordReproduction,
  revokeBridge,
  studyEvidence,
  withdrawFulfilment,
  type BridgeRecord,
} from '@gauntlet/ledger'
import { useLedger } from '@gauntlet/ledger/fixtures/ledger'
import {
  createLedgerActivities,
  recordWholeStudy,
  type RecordedStudy,
} from '@gauntlet/ledger-worker/fixtures/recorded-study'
import { configurationId, digestOf, type ArtifactsByRole, type Digest, type Perturbation } from '@gauntlet/study'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keysLevel } from '../verify/keys-level.ts'
import { verifyStudy } from '../verify/verify-study.ts'
import { bridgeSample } from './bridge-sample.ts'
import { planBridge, type BridgePlan } from './plan-bridge.ts'

const ledger = useLedger()
const folder = mkdtempSync(join(tmpdir(), 'gauntlet-bridge-'))
afterAll(() => rmSync(folder, { recursive: true }))
const store = openArtifactStore(pathToFileURL(folder).href)
const activities = () => createLedgerActivities(ledger.db, store)

const text = studyText.replace('tiny', 'bridged')

let study: RecordedStudy
/** The same workers with other code of every checkpoint and evaluation. */
let changed: WorkerDescription
let bridgePlan: BridgePlan

beforeAll(async () => {
  study = await recordWholeStudy(ledger.db, store, { text, images: 20 })
  const codeDigests = Object.fromEntries(
    Object.entries(study.worker.codeDigests).map(([name, digest]) => [
      name,
      /^(checkpoint|perturb-and-evaluate)/.test(name) ? digestOf([name, 'edited']) : digest!,
    ]),
  )
  changed = { ...study.worker, codeDigests }
  bridgePlan = (await planBridge(ledger.db, await studyEvidence(ledger.db, 'bridged'), changed))!
})

const results = () => readResults(ledger.db, 'bridged', async () => changed)

/** Records that numbers were computed again by the changed code, and how it ended. */
async function reproduced(ids: readonly Digest[], verdict: 'same-bytes' | 'differs' = 'same-bytes', other = {}) {
  const rows: number[] = []
  for (const id of ids) {
    const { stageKey } = (await studyEvidence(ledger.db, 'bridged')).measurements.find((m) => m.measurementId === id)!
    const stages = bridgePlan.stages.map(({ recordedKey, codeDigest }) => ({
      stageKey: recordedKey,
      codeDigest,
      environmentClass: study.worker.environmentClass,
      ...other,
    }))
    const row = { stageKey, measurementId: id, code: 'current' as const, verdict, details: { stages } }
    const firstStage = verdict === 'same-bytes' ? null : ('checkpoint' as const)
    const { environment, environmentClass } = study.worker
    rows.push(await recordReproduction(ledger.db, { ...row, firstStage, environment, environmentClass }))
  }
  return rows
}

const recordOf = (reproductions: readonly number[], other: Partial<BridgeRecord> = {}): BridgeRecord => ({
  studyId: study.id,
  share: 0.25,
  numbers: bridgePlan.numbers.length,
  reproductions,
  stages: bridgePlan.stages,
  ...other,
})

/** The stages of the study with one perturbation more, for workers of the changed code. */
function planned(perturbations: readonly Perturbation[] = study.perturbations): Promise<PlannedStage[]> {
  return plan(study.configurations, perturbations, changed, (keys) => knownStages(ledger.db, keys))
}

it('finds every stage that would run only because its code changed, and on what numbers', () => {
  expect(bridgePlan.first).toBe('checkpoint')
  expect(bridgePlan.changes.map(({ code }) => code)).toEqual([
    'checkpoint/EfficientNet',
    'perturb-and-evaluate/EfficientNet/clean',
    'perturb-and-evaluate/EfficientNet/common',
  ])
  expect([bridgePlan.stages.length, bridgePlan.numbers.length]).toEqual([6, 4])
})

it('draws a share, and as many more as it takes to execute every changed bundle', () => {
  expect(bridgeSample(bridgePlan, 1, 1)).toHaveLength(4)
  for (const seed of [1, 2, 3, 4]) {
    const drawn = bridgeSample(bridgePlan, 0.01, seed)
    const codes = bridgePlan.numbers.flatMap(({ measurementId, changes }) =>
      drawn.includes(measurementId) ? changes.map(({ code }) => code) : [],
    )
    expect([drawn.length, new Set(codes).size]).toEqual([2, 3])
  }
})

it('refuses what no reproduction bears out', async () => {
  const [id] = bridgePlan.numbers.map(({ measurementId }) => measurementId)
  const same = await reproduced([id!])
  const refused = (record: BridgeRecord) =>
    expect(recordBridge(ledger.db, record)).rejects.toSatisfy((error) => error instanceof BridgeUnfounded)
  await refused(recordOf(await reproduced([id!], 'differs')))
  await refused(recordOf(await reproduced([id!], 'same-bytes', { codeDigest: digestOf('another') })))
  await refused(recordOf(await reproduced([id!], 'same-bytes', { environmentClass: digestOf('elsewhere') })))
  await refused(recordOf([...same, 1_000_000]))
  await refused(recordOf([]))
  const [first, ...rest] = bridgePlan.stages
  await refused(recordOf(same, { stages: [{ ...first!, stageKey: digestOf('another key') }, ...rest] }))
  expect(await bridgesOf(ledger.db, study.id)).toEqual([])
  expect((await results()).rows).toEqual([])
})

it('keeps the numbers under the changed code, marked as bridged, until it is revoked', async () => {
  const before = await results()
  expect([before.rows.length, before.missing.length, before.older.length]).toEqual([0, 4, 4])
  const reproductions = await reproduced(bridgeSample(bridgePlan, 0.25, 1))
  const { position } = await changesSince(ledger.db, null)
  const id = await recordBridge(ledger.db, recordOf(reproductions))
  expect(await recordBridge(ledger.db, recordOf(reproductions))).toBe(id)
  expect((await changesSince(ledger.db, position)).configurations).toHaveLength(2)

  const { rows, missing, older } = await results()
  expect([rows.length, missing.length, older.length]).toEqual([4, 0, 0])
  expect(new Set(rows.map(({ measurementId }) => measurementId))).toEqual(
    new Set(before.older.map(({ measurementId }) => measurementId)),
  )
  const mark = { name: 'bridged', value: id, limit: 0, policy: 'mark' }
  for (const { flags } of rows) expect(flags).toEqual([mark])
  const { byStage } = await planStudy(study, changed, ledger.db, store)
  expect(byStage.map(({ stage, fulfilled, bridged, toRun }) => [stage, fulfilled, bridged, toRun])).toEqual([
    ['prepare-dataset', 1, 0, 0],
    ['pretrain-load', 1, 0, 0],
    ['fine-tune', 2, 0, 0],
    ['checkpoint', 2, 2, 0],
    ['perturb-and-evaluate', 4, 4, 0],
  ])
  const [bridge] = await bridgesTo(ledger.db, [bridgePlan.stages[0]!.recordedKey])
  expect(bridge).toMatchObject({ id, stages: 6, numbers: 4, reproductions, revokedAt: null })
  expect(await planBridge(ledger.db, await studyEvidence(ledger.db, 'bridged'), changed)).toBeNull()

  await revokeBridge(ledger.db, { id: study.id, name: 'bridged' }, id, 'one number is too few')
  expect((await results()).missing).toHaveLength(4)
  await expect(revokeBridge(ledger.db, { id: study.id, name: 'bridged' }, id, 'again')).rejects.toThrow(BridgeUnknown)
  expect(await recordBridge(ledger.db, recordOf(reproductions))).toBe(id)
  expect((await results()).rows).toEqual([])
})

it('is honoured by what runs: nothing is done again, and a new perturbation is evaluated on bridged checkpoints', async () => {
  const id = await recordBridge(ledger.db, recordOf(await reproduced(bridgeSample(bridgePlan, 0.25, 2))))
  const file = await store.put(Buffer.from(text), 'application/yaml')
  const { openConfigurations, beginStage, aggregate } = activities()
  expect(await openConfigurations({ file, worker: changed, offset: 0, limit: 9 })).toEqual({ open: [], next: 2 })

  const stages = await planned()
  const [configuration] = study.configurations
  const own = (stage: string) =>
    stages.filter((each) => each.stage === stage && each.configurations.includes(configuration!))
  const outputs = await knownStages(
    ledger.db,
    stages.map(({ stageKey }) => stageKey!),
  )
  const evaluated = own('perturb-and-evaluate').map(({ perturbation, stageKey }): EvaluatedPerturbation => ({
    perturbation: perturbation!,
    stageKey: stageKey!,
    outcomes: outputs.get(stageKey!)!['outcomes']!,
  }))
  const attempt = { attempt: 1, workflow: { workflowId: 'configuration/x', runId: 'x' }, environment: null }
  for (const { identity, stageKey } of [...own('checkpoint'), ...own('perturb-and-evaluate')])
    expect(
      await beginStage({
        ...attempt,
        identity: identity!,
        configurationId: configurationId(configuration!),
        distrusted: [],
      }),
    ).toEqual({ generated: outputs.get(stageKey!) })
  const dataset = outputs.get(own('prepare-dataset')[0]!.stageKey!) as ArtifactsByRole
  await aggregate({ configuration: configuration!, dataset, evaluated })
  expect((await studyEvidence(ledger.db, 'bridged')).measurements).toHaveLength(4)

  const linf: Perturbation = {
    name: 'Linf',
    epsilon: 4 / 255,
    evaluator: { name: 'apgd-ce', iterations: 3, restarts: 1 },
  }
  const codeDigests = { ...changed.codeDigests, 'perturb-and-evaluate/EfficientNet/Linf': digestOf('Linf') }
  const more = await plan(study.configurations, [...study.perturbations, linf], { ...changed, codeDigests }, (keys) =>
    knownStages(ledger.db, keys),
  )
  const open = more.filter(({ state }) => state === 'open')
  expect(open.map(({ perturbation }) => perturbation?.name)).toEqual(['Linf', 'Linf'])
  const [checkpoint] = more.filter(({ stage }) => stage === 'checkpoint')
  expect(open[0]!.identity).toEqual(
    perturbAndEvaluateIdentity(
      { ...changed, codeDigests },
      {
        configuration: configuration!,
        dataset,
        checkpoint: (await knownStages(ledger.db, [checkpoint!.stageKey!])).get(checkpoint!.stageKey!)!,
        perturbation: linf,
      },
    ),
  )
  await revokeBridge(ledger.db, { id: study.id, name: 'bridged' }, id, 'the test goes on')
})

it('is checked by verify, which names one whose rows were edited', async () => {
  const id = await recordBridge(ledger.db, recordOf(await reproduced(bridgeSample(bridgePlan, 0.25, 4))))
  const verified = () => verifyStudy('bridged', { db: ledger.db, store, levels: [keysLevel] })
  expect((await verified()).holds).toBe(true)
  const [first, second] = bridgePlan.stages
  const lead = (key: Digest) =>
    `update bridged_stage set recorded_key = '${key}' where bridge_id = ${id} and stage_key = '${first!.stageKey}'`
  await ledger.db.execute(lead(second!.recordedKey))
  expect((await verified()).levels[0]!.findings).toEqual([
    { subject: `bridge ${id}`, problem: `leads from ${first!.stageKey} to another stage than its code gives` },
  ])
  await ledger.db.execute(lead(first!.recordedKey))
  await ledger.db.execute(`delete from bridge_evidence where bridge_id = ${id}`)
  expect((await verified()).levels[0]!.findings).toMatchObject([
    { problem: expect.stringContaining('does not rest on') },
  ])
  await revokeBridge(ledger.db, { id: study.id, name: 'bridged' }, id, 'it rests on nothing')
  expect((await verified()).holds).toBe(true)
})

it('leads to no stage that was withdrawn since', async () => {
  await recordBridge(ledger.db, recordOf(await reproduced(bridgeSample(bridgePlan, 0.25, 3))))
  const { stageKey, recordedKey } = bridgePlan.stages.at(-1)!
  expect((await knownStages(ledger.db, [stageKey])).size).toBe(1)
  await withdrawFulfilment(ledger.db, recordedKey, 'its outcomes are lost')
  expect((await knownStages(ledger.db, [stageKey])).size).toBe(0)
  expect((await results()).rows).toHaveLength(3)
  await ledger.db.execute(
    `update execution set state = 'fulfilled', fulfilled_at = now() where stage_key = '${recordedKey}'`,
  ) // by other bytes than those that were compared
  expect((await knownStages(ledger.db, [recordedKey])).size).toBe(1)
  expect((await knownStages(ledger.db, [stageKey])).size).toBe(0)
})
