import { digestOf, stageKey, type Json, type StageIdentity } from '@gauntlet/study'
import { eq } from 'drizzle-orm'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fulfilExecution } from './fulfil-execution.ts'
import { fulfilledOutputs } from './fulfilled-outputs.ts'
import { artifactOf, attemptCalled, fulfilment, useLedger } from '../ledger.fixture.ts'
import { LineageBroken } from './lineage-broken.ts'
import { beginAttempts, recordAttempt } from './record-attempt.ts'
import { attempt, environment, execution, executionArtifact } from '../schema/index.ts'

const ledger = useLedger()
const weights = artifactOf('weights file')

/** A stage of this test alone: `name` becomes part of its identity. */
const loaded = (name: string, made = 'parameters', id = 'first') =>
  fulfilment(
    'pretrain-load',
    { weights },
    { parameters: artifactOf(made) },
    { parameters: { name }, attempt: attemptCalled(id) },
  )

const attemptsAt = (key: string) =>
  ledger.db.select().from(attempt).where(eq(attempt.stageKey, key)).orderBy(attempt.id)

it('keeps everything a key was computed from, so that the key can be computed again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.maxSafeInteger(), async (value, seed) => {
      const parameters = JSON.parse(JSON.stringify(value).replaceAll('\\u0000', '')) as Json
      const report = fulfilment('pretrain-load', { weights }, {}, { parameters })
      const identity: StageIdentity = { ...report.identity, seed }
      await fulfilExecution(ledger.db, { ...report, identity })
      const [row] = await ledger.db
        .select()
        .from(execution)
        .where(eq(execution.stageKey, stageKey(identity)))
      const { stage, codeDigest, environmentClass, inputs } = row!
      expect(
        stageKey({ stage, codeDigest, environmentClass, parameters: row!.parameters, seed: row!.seed, inputs }),
      ).toBe(row!.stageKey)
    }),
    { numRuns: 50 },
  )
})

it('knows what a stage generated once it is fulfilled, and nothing before', async () => {
  const report = loaded('known')
  expect(await fulfilledOutputs(ledger.db, report.key)).toBeNull()
  await recordAttempt(ledger.db, { ...report, failure: null })
  expect(await fulfilledOutputs(ledger.db, report.key)).toBeNull()
  expect(await fulfilExecution(ledger.db, report)).toEqual({ standing: 'first', outputs: report.generated })
  expect(await fulfilledOutputs(ledger.db, report.key)).toEqual(report.generated)
})

it('writes the same rows when the same success is reported again', async () => {
  const report = loaded('again')
  await fulfilExecution(ledger.db, report)
  const before = [
    await attemptsAt(report.key),
    await ledger.db.select().from(executionArtifact),
    await ledger.db.select().from(execution),
  ]
  expect(await fulfilExecution(ledger.db, report)).toEqual({ standing: 'repeated', outputs: report.generated })
  const after = [
    await attemptsAt(report.key),
    await ledger.db.select().from(executionArtifact),
    await ledger.db.select().from(execution),
  ]
  expect(after).toEqual(before)
})

it('keeps a second attempt with the same bytes beside the first', async () => {
  const report = loaded('confirmed')
  await fulfilExecution(ledger.db, report)
  expect(await fulfilExecution(ledger.db, loaded('confirmed', 'parameters', 'second'))).toMatchObject({
    standing: 'confirmed',
  })
  expect((await attemptsAt(report.key)).map(({ id, outcome }) => [id, outcome])).toEqual([
    ['first', 'fulfilled'],
    ['second', 'superseded'],
  ])
})

it('never lets a late attempt with other bytes replace a result, and keeps what it made as evidence', async () => {
  const report = loaded('contradicted')
  await fulfilExecution(ledger.db, report)
  const late = loaded('contradicted', 'other parameters', 'late')
  expect(await fulfilExecution(ledger.db, late)).toEqual({ standing: 'contradicted', outputs: report.generated })
  expect(await fulfilledOutputs(ledger.db, report.key)).toEqual(report.generated)
  expect((await attemptsAt(report.key))[1]).toMatchObject({
    outcome: 'superseded',
    generated: { parameters: digestOf('other parameters') },
  })
})

it('takes what is made in one role more for other bytes', async () => {
  const report = loaded('one role more')
  await fulfilExecution(ledger.db, report)
  const more = { ...loaded('one role more', 'parameters', 'later'), generated: { ...report.generated, more: weights } }
  expect(await fulfilExecution(ledger.db, more)).toMatchObject({ standing: 'contradicted' })
})

it('takes an attempt of an earlier run of its workflow for lost, and no other, however often it begins', async () => {
  const report = loaded('begun')
  const begin = (id: string, runId: string, workflowId = 'configuration/x') =>
    beginAttempts(ledger.db, [{ ...report, attempt: attemptCalled(id, { endedAt: null, runId, workflowId }) }])
  await begin('left', 'run 1')
  const ended = attemptCalled('ended', { runId: 'run 1', workflowId: 'configuration/x' })
  await recordAttempt(ledger.db, { ...report, attempt: ended, failure: { class: 'Transient', message: 'the network' } })
  await begin('of another workflow', 'run 1', 'configuration/y')
  await begin('own', 'run 2')
  await begin('own', 'run 2')
  expect((await attemptsAt(report.key)).map((each) => [each.id, each.outcome, each.failureClass])).toEqual([
    ['ended', 'failed', 'Transient'],
    ['left', 'failed', 'WorkerLost'],
    ['of another workflow', 'running', null],
    ['own', 'running', null],
  ])
})

it('notices other bytes also in a second report of the same attempt', async () => {
  await fulfilExecution(ledger.db, loaded('same id'))
  const changed = loaded('same id', 'other parameters')
  expect(await fulfilExecution(ledger.db, changed)).toMatchObject({ standing: 'contradicted' })
  expect(await attemptsAt(changed.key)).toMatchObject([
    { outcome: 'fulfilled', generated: { parameters: digestOf('parameters') } },
  ])
})

it('lets exactly one of many simultaneous successes stand', async () => {
  const reports = Array.from({ length: 12 }, (_, i) => loaded('raced', `parameters ${i}`, `attempt ${i}`))
  const results = await Promise.all(reports.map((report) => fulfilExecution(ledger.db, report)))
  expect(results.filter(({ standing }) => standing === 'first')).toHaveLength(1)
  expect(results.filter(({ standing }) => standing === 'contradicted')).toHaveLength(11)
  expect(new Set(results.map(({ outputs }) => outputs['parameters']!.digest)).size).toBe(1)
  expect(await attemptsAt(reports[0]!.key)).toHaveLength(12)
})

it('keeps every failed attempt, with its class and a message that Postgres can hold', async () => {
  const report = loaded('failed')
  const failure = { class: 'WorkerLost', message: `no heartbeat\0${'.'.repeat(20_000)}` }
  await recordAttempt(ledger.db, { ...report, attempt: attemptCalled('a', { endedAt: null }), failure: null })
  await recordAttempt(ledger.db, { ...report, attempt: attemptCalled('a', { endedAt: null }), failure })
  await recordAttempt(ledger.db, {
    ...report,
    attempt: attemptCalled('a', { details: null }),
    failure: { class: 'Bug', message: 'too late' },
  })
  await fulfilExecution(ledger.db, { ...report, attempt: attemptCalled('b', { number: 2, details: null }) })
  const [first, second] = await attemptsAt(report.key)
  expect(first).toMatchObject({
    outcome: 'failed',
    failureClass: 'WorkerLost',
    message: expect.stringMatching(/^no heartbeat\uFFFD\.+$/),
  })
  expect(first!.message).toHaveLength(8192)
  expect(second).toMatchObject({ outcome: 'fulfilled', number: 2, failureClass: null, details: null })
})

it('accepts the success of an attempt that was taken for lost', async () => {
  const report = loaded('taken for lost')
  await recordAttempt(ledger.db, { ...report, failure: { class: 'WorkerLost', message: 'no heartbeat' } })
  expect(await fulfilExecution(ledger.db, report)).toMatchObject({ standing: 'first' })
  expect(await attemptsAt(report.key)).toMatchObject([{ outcome: 'fulfilled', failureClass: null }])
})

it('does not take a success back when its attempt is reported to have failed afterwards', async () => {
  const report = loaded('settled')
  await fulfilExecution(ledger.db, report)
  await recordAttempt(ledger.db, { ...report, failure: { class: 'Transient', message: 'the answer got lost' } })
  expect(await attemptsAt(report.key)).toMatchObject([{ outcome: 'fulfilled' }])
})

it('refuses a success that used something else than its key says', async () => {
  const report = loaded('broken')
  for (const used of [{}, { weights: artifactOf('other weights') }]) {
    await expect(fulfilExecution(ledger.db, { ...report, used })).rejects.toBeInstanceOf(LineageBroken)
  }
  expect(await fulfilledOutputs(ledger.db, report.key)).toBeNull()
})

it('records what else an attempt used, such as the checkpoint it resumed from', async () => {
  const report = loaded('resumed')
  await fulfilExecution(ledger.db, { ...report, used: { weights, resumed: artifactOf('half way') } })
  const edges = await ledger.db.select().from(executionArtifact).where(eq(executionArtifact.stageKey, report.key))
  expect(edges.map(({ direction, role }) => `${direction} ${role}`).sort()).toEqual([
    'generated parameters',
    'used resumed',
    'used weights',
  ])
})

it('keeps the first description of an environment that an attempt gives', async () => {
  const report = loaded('described')
  const identity = { ...report.identity, environmentClass: digestOf('another machine') }
  const documentOf = () => ledger.db.select().from(environment).where(eq(environment.class, identity.environmentClass))
  await recordAttempt(ledger.db, {
    ...report,
    identity,
    attempt: attemptCalled('silent', { environment: null }),
    failure: null,
  })
  expect(await documentOf()).toMatchObject([{ document: null }])
  await recordAttempt(ledger.db, {
    ...report,
    identity,
    attempt: attemptCalled('talking', { environment: { cores: 64 } }),
    failure: null,
  })
  await recordAttempt(ledger.db, {
    ...report,
    identity,
    attempt: attemptCalled('lying', { environment: { cores: 1 } }),
    failure: null,
  })
  expect(await documentOf()).toMatchObject([{ document: { cores: 64 } }])
})
