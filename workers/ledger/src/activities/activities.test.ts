import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openArtifactStore } from '@gauntlet/artifacts'
import {
  checkpointIdentity,
  checkpointUses,
  fineTuneIdentity,
  fineTuneUses,
  finishedPointer,
  perturbAndEvaluateIdentity,
  perturbAndEvaluateUses,
  prepareDatasetIdentity,
  pretrainLoadIdentity,
  type StageAttempt,
} from '@gauntlet/contract'
import { configurations, perturbations, studyText, workerWith } from '@gauntlet/contract/fixtures/tiny-plan'
import { declarePool } from '@gauntlet/ledger'
import { recordMeasurement } from '@gauntlet/ledger/fixtures/record-measurement'
import { useLedger } from '@gauntlet/ledger/fixtures/ledger'
import {
  configurationId,
  digestOf,
  stageKey,
  type ArtifactsByRole,
  type Configuration,
  type StageIdentity,
} from '@gauntlet/study'
import { log } from '@temporalio/activity'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { createLedgerActivities } from './index.ts'

/*
 * The activities on a real Postgres and a real store, called as the workflows call them, with stages that make a few
 * bytes.
 */

const ledger = useLedger()
const folder = mkdtempSync(join(tmpdir(), 'gauntlet-ledger-activities-'))
afterAll(() => rmSync(folder, { recursive: true }))
const store = openArtifactStore(pathToFileURL(folder).href)
const worker = workerWith('float32')
const activities = () => createLedgerActivities(ledger.db, store)

let file: Awaited<ReturnType<typeof store.put>>
beforeAll(async () => {
  file = await store.put(Buffer.from(studyText), 'application/yaml')
  await activities().recordStudy({ studyId: digestOf('study'), file })
})

let runs = 0
function attemptAt(identity: StageIdentity, configuration: Configuration | null): StageAttempt {
  const workflow = { workflowId: 'configuration/x', runId: `run ${++runs}` }
  return {
    identity,
    configurationId: configuration && configurationId(configuration),
    attempt: 1,
    workflow,
    environment: null,
  }
}

/** Runs a stage unless it is known; its outputs say which key made them. */
async function run(
  identity: StageIdentity,
  used: ArtifactsByRole,
  roles: readonly string[],
  of: Configuration | null = null,
) {
  const attempt = attemptAt(identity, of)
  const known = await activities().beginStage({ ...attempt, distrusted: [] })
  if (known) return { generated: (known as { generated: ArtifactsByRole }).generated, ran: false }
  const made = roles.map(async (role) => [
    role,
    await store.put(Buffer.from(`${role} of ${stageKey(identity)}`), 'text/plain'),
  ])
  const generated = Object.fromEntries(await Promise.all(made)) as ArtifactsByRole
  const at = new Date().toISOString()
  const evidence = { worker: 'w', device: 'd', startedAt: at, endedAt: at, revision: { commit: null, dirty: false } }
  const read = Object.entries(identity.inputs).filter(([role]) => !used[role])
  const sources = Object.fromEntries(read.map(([role, digest]) => [role, { digest, size: 1, mediaType: 'text/plain' }]))
  await activities().fulfil({ ...attempt, used: { ...used, ...sources }, result: { sources, generated, evidence } })
  return { generated, ran: true }
}

/** Runs a configuration, and gives the names of the stages that were not known. */
async function runConfiguration(configuration: Configuration, { measure = true } = {}): Promise<string[]> {
  const ran: string[] = []
  const stage = async (...call: Parameters<typeof run>) => {
    const done = await run(...call)
    if (done.ran) ran.push(call[0].stage)
    return done.generated
  }
  const dataset = await stage(prepareDatasetIdentity(worker, configuration.dataset), {}, ['manifest', 'images'])
  const pretrained = await stage(pretrainLoadIdentity(worker, { backbone: configuration.backbone }), {}, ['parameters'])
  const training = { configuration, dataset, pretrained, microBatch: configuration.hyperparameters.microBatch }
  const trained = await stage(fineTuneIdentity(worker, training), fineTuneUses(training), ['trained'], configuration)
  const checking = { configuration, dataset, trained }
  const checkpoint = await stage(
    checkpointIdentity(worker, checking),
    checkpointUses(checking),
    ['checkpoint'],
    configuration,
  )
  for (const perturbation of perturbations) {
    const evaluating = { configuration, dataset, checkpoint, perturbation }
    const identity = perturbAndEvaluateIdentity(worker, evaluating)
    const { outcomes } = await stage(identity, perturbAndEvaluateUses(evaluating), ['outcomes'], configuration)
    const counted = { configurationId: configurationId(configuration), perturbation, stageKey: stageKey(identity) }
    if (measure)
      await recordMeasurement(ledger.db, { ...counted, outcomesDigest: outcomes!.digest, correct: 1, total: 2 })
  }
  return ran
}

const openFrom = (offset: number, limit = 10) => activities().openConfigurations({ file, worker, offset, limit })

it('gives the configurations of a study that have something to do, and no other', async () => {
  const [first, second] = configurations as [Configuration, Configuration]
  expect(await openFrom(0)).toEqual({
    open: [
      { index: 0, configuration: first },
      { index: 1, configuration: second },
    ],
    next: 2,
  })
  expect(await openFrom(0, 1)).toMatchObject({ open: [{ index: 0 }], next: 1 })
  expect(await openFrom(1, 1)).toMatchObject({ open: [{ index: 1 }], next: 2 })

  await runConfiguration(first)
  expect(await openFrom(0)).toMatchObject({ open: [{ index: 1 }], next: 2 })

  await runConfiguration(second, { measure: false })
  expect(await openFrom(0)).toMatchObject({ open: [{ index: 1 }] }) // its outcomes were not counted

  expect(await runConfiguration(second)).toEqual([])
  expect(await openFrom(0)).toEqual({ open: [], next: 2 })
})

it('opens a configuration again whose artifact is damaged, and makes that stage alone again', async () => {
  const [first] = configurations as [Configuration]
  const checked = { identity: await checkpointOf(first), role: 'checkpoint' }
  const text = `${checked.role} of ${stageKey(checked.identity)}`
  const { digest } = await store.put(Buffer.from(text), 'text/plain')
  const path = join(folder, 'sha256', digest.slice(0, 2), digest)
  chmodSync(path, 0o644)
  writeFileSync(path, text.toUpperCase())
  expect(await openFrom(0)).toMatchObject({ open: [{ index: 0 }] })
  expect(await runConfiguration(first)).toEqual(['checkpoint'])
  expect(await openFrom(0)).toEqual({ open: [], next: 2 })
})

it('opens a configuration again whose outcomes are damaged, although its numbers are known', async () => {
  const [first] = configurations as [Configuration]
  const checking = await checkpointOf(first)
  const dataset = (await run(prepareDatasetIdentity(worker, first.dataset), {}, [])).generated
  const { generated: checkpoint } = await run(checking, {}, [])
  const evaluating = { configuration: first, dataset, checkpoint, perturbation: perturbations[0]! }
  const { generated } = await run(perturbAndEvaluateIdentity(worker, evaluating), {}, [])
  const rotten = vi.spyOn(store, 'verify')
  rotten.mockImplementation(async (digest) => (digest === generated.outcomes!.digest ? 'corrupt' : 'intact'))
  expect(await openFrom(0).finally(() => rotten.mockRestore())).toMatchObject({ open: [{ index: 0 }], next: 2 })
  expect(await openFrom(0)).toMatchObject({ open: [] })
})

it('gives no more configurations than it was asked for, also where it looks at several hundred', async () => {
  const text = `${studyText}\nseeds: [${Array.from({ length: 110 }, (_, seed) => seed + 1)}]\n`
  const large = await store.put(Buffer.from(text), 'application/yaml')
  const from = (offset: number) => activities().openConfigurations({ file: large, worker, offset, limit: 205 })
  const { open, next } = await from(0)
  expect(open.length).toBe(205)
  expect((await from(next)).open.map(({ index }) => index)).toEqual(
    Array.from({ length: 220 - next }, (_, i) => next + i),
  )
})

it('records no attempt at a stage that is known, and of one that was cancelled that no worker did it', async () => {
  const [known, other] = ['known', 'other'].map((code) =>
    prepareDatasetIdentity(workerWith('float32', code), configurations[0]!.dataset),
  ) as [StageIdentity, StageIdentity]
  await run(known, {}, ['manifest'])
  const cancelled = attemptAt(other, null)
  await activities().beginStages([attemptAt(known, null), cancelled].map((each) => ({ ...each, distrusted: [] })))
  await activities().recordCancelledAttempt(cancelled)
  const attempts = await ledger.db.execute(
    `select outcome, worker from attempt where stage_key in ('${stageKey(known)}', '${stageKey(other)}') order by 1`,
  )
  expect(attempts.rows).toEqual([
    { outcome: 'cancelled', worker: null },
    { outcome: 'fulfilled', worker: 'w' },
  ])
})

async function checkpointOf(configuration: Configuration): Promise<StageIdentity> {
  const generated = async (identity: StageIdentity) => (await run(identity, {}, [])).generated
  const dataset = await generated(prepareDatasetIdentity(worker, configuration.dataset))
  const pretrained = await generated(pretrainLoadIdentity(worker, { backbone: configuration.backbone }))
  const { microBatch } = configuration.hyperparameters
  const trained = await generated(fineTuneIdentity(worker, { configuration, dataset, pretrained, microBatch }))
  return checkpointIdentity(worker, { configuration, dataset, trained })
}

it('never lets a delayed worker, whose attempt was taken for lost, overwrite the result of the next one', async () => {
  const identity = prepareDatasetIdentity(worker, { ...configurations[0]!.dataset, splitSeed: 4_711 })
  const { sha256 } = configurations[0]!.dataset
  const sources = { source: { digest: sha256, size: 1, mediaType: 'text/plain' } }
  const at = new Date().toISOString()
  const evidence = { worker: 'w', device: 'd', startedAt: at, endedAt: at, revision: { commit: null, dirty: false } }
  const resultOf = async (name: string) => {
    const manifest = await store.put(Buffer.from(`manifest by ${name}`), 'text/plain')
    return { sources, generated: { manifest }, evidence: { ...evidence, worker: name } }
  }
  const { beginStage, recordFailedAttempt, fulfil } = activities()
  const [delayed, next] = [attemptAt(identity, null), { ...attemptAt(identity, null), attempt: 2 }]
  expect(await beginStage({ ...delayed, distrusted: [] })).toBeNull()
  await recordFailedAttempt({ ...delayed, failureClass: 'WorkerLost', message: 'no heartbeat', evidence: {} })
  expect(await beginStage({ ...next, distrusted: [] })).toBeNull()
  const result = await resultOf('the next worker')
  await fulfil({ ...next, used: sources, result })
  const warned = vi.spyOn(log, 'warn').mockReturnValue(undefined)
  const late = await fulfil({ ...delayed, used: sources, result: await resultOf('the delayed worker') })
  expect(late.generated).toEqual(result.generated)
  expect(warned.mock.calls.flat().join(' ')).toContain('the first ones stand')
  expect(await beginStage({ ...attemptAt(identity, null), distrusted: [] })).toEqual({ generated: result.generated })
})

/** A stage of these tests alone, with two attempts at it and what each made. */
async function attemptedTwice(splitSeed: number) {
  const dataset = { ...configurations[0]!.dataset, splitSeed }
  const identity = prepareDatasetIdentity(worker, dataset)
  const used = { source: { digest: dataset.sha256, size: 1, mediaType: 'text/plain' } }
  const at = new Date().toISOString()
  const evidence = { worker: 'w', device: 'd', startedAt: at, endedAt: at, revision: { commit: null, dirty: false } }
  const successOf = async (name: string) => {
    const generated = { manifest: await store.put(Buffer.from(`${name} ${splitSeed}`), 'text/plain') }
    return { ...attemptAt(identity, null), used, result: { sources: used, generated, evidence } }
  }
  return { identity, first: await successOf('first'), second: await successOf('second') }
}

it('lets what another attempt made take the place of bytes that the store has lost', async () => {
  const { identity, first, second } = await attemptedTwice(4_712)
  const { beginStage, fulfil } = activities()
  await fulfil(first)
  await store.remove(first.result.generated.manifest.digest)
  expect(await beginStage({ ...attemptAt(identity, null), distrusted: [] })).toBeNull()
  vi.spyOn(log, 'warn').mockReturnValue(undefined)
  expect(await fulfil(second)).toEqual({ generated: second.result.generated })
  const known = await beginStage({ ...attemptAt(identity, null), distrusted: [] })
  expect(known).toEqual({ generated: second.result.generated })
})

it('forgets the result that a worker kept for its report once that is recorded', async () => {
  const { identity, first } = await attemptedTwice(4_713)
  const pointer = finishedPointer(stageKey(identity))
  await store.writePointer(pointer, { generated: {} })
  await activities().fulfil(first)
  expect(await store.readPointer(pointer)).toBeNull()
})

it('runs a stage again whose artifact somebody could not read, whatever is known of its bytes', async () => {
  const { identity, first } = await attemptedTwice(4_714)
  const { beginStage, fulfil } = activities()
  await fulfil(first)
  const { digest } = first.result.generated.manifest
  const rotten = vi.spyOn(store, 'verify')
  rotten.mockImplementation(async (_, { again = false } = {}) => (again ? 'corrupt' : 'intact'))
  const begin = (distrusted: readonly string[]) => beginStage({ ...attemptAt(identity, null), distrusted })
  expect(await begin([])).toEqual({ generated: first.result.generated })
  expect(await begin([digest]).finally(() => rotten.mockRestore())).toBeNull()
})

it('moves a configuration out of a pool where it ran out of memory for good, and no other', async () => {
  const pools = { small: workerWith('of the small'), large: workerWith('of the large') }
  const start = { by: 'hand' } as const
  await declarePool(ledger.db, 'small', { accelerator: 'cpu', memory: 1e12, start })
  await declarePool(ledger.db, 'large', { accelerator: 'cpu', memory: 2e12, start })
  const placed = async () => {
    const { open } = await activities().openConfigurations({ file, worker, pools, offset: 0, limit: 10 })
    return open.map(({ pool }) => pool)
  }
  expect(await placed()).toEqual(['small', 'small'])
  const [configuration] = configurations as [Configuration]
  const [manifest, images, parameters] = ['m', 'i', 'p'].map((name) => {
    return { digest: digestOf(name), size: 1, mediaType: 'text/plain' }
  })
  const { microBatch } = configuration.hyperparameters
  const [dataset, pretrained] = [{ manifest: manifest!, images: images! }, { parameters: parameters! }]
  const identity = fineTuneIdentity(pools.small, { configuration, dataset, pretrained, microBatch })
  const attempt = attemptAt(identity, configuration)
  await activities().recordFailedAttempt({ ...attempt, failureClass: 'OutOfMemory', message: 'no room', evidence: {} })
  expect(await placed()).toEqual(['large', 'small'])
})

it('places configurations in declared pools, where they stay, and finds out by the workers of their pools what is open', async () => {
  const declaration = { accelerator: 'cpu', memory: null, start: { by: 'hand' } } as const
  for (const name of ['a', 'b', 'c']) await declarePool(ledger.db, name, declaration)
  const pools = { a: workerWith('bfloat16'), b: workerWith('float16') }
  const open = async (on: Record<string, typeof worker>) => {
    const { open: found } = await activities().openConfigurations({ file, worker, pools: on, offset: 0, limit: 10 })
    return found.map(({ index, pool }) => [index, pool])
  }
  const placed = await open(pools)
  expect(placed.map(([index]) => index)).toEqual([0, 1]) // known in the environment of `worker`, and of no pool
  const places = () => ledger.db.execute('select * from placement order by configuration_id')
  const { rows: before } = await places()
  expect(await open({ c: worker, b: pools.b, a: pools.a })).toEqual(placed)
  expect((await places()).rows).toEqual(before) // not placed again
  const listed = await activities().listedConfigurations({ file, places: [1, 0], placed: true })
  expect(listed.map(({ index, pool }) => [index, pool])).toEqual([placed[1], placed[0]])
  expect(await open({ c: worker })).toEqual([]) // moved to a pool of the environment in which all is known
  expect(await open({ a: pools.a })).toEqual([[0, 'a'], [1, 'a']]) // prettier-ignore
})

it('recalls that a stage diverges, with what was said then', async () => {
  const identity = prepareDatasetIdentity(workerWith('float32', 'other code'), configurations[0]!.dataset)
  const attempt = attemptAt(identity, null)
  expect(await activities().beginStage({ ...attempt, distrusted: [] })).toBeNull()
  await activities().recordFailedAttempt({ ...attempt, failureClass: 'Diverged', message: 'NaN', evidence: {} })
  expect(await activities().beginStage({ ...attemptAt(identity, null), distrusted: [] })).toEqual({ diverged: 'NaN' })
})
