import { configurationId, type Digest } from '@gauntlet/study'
import { eq, sql } from 'drizzle-orm'
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { changesSince } from './changes-since.ts'
import { fulfilExecution } from '../executions/fulfil-execution.ts'
import {
  artifactOf,
  attemptCalled,
  clean,
  configurationWith,
  fulfilment,
  studyOf,
  useLedger,
} from '../ledger.fixture.ts'
import { recordPool } from '../pools/pool-description.ts'
import { recordFailure } from './record-failure.ts'
import { recordMeasurement } from '../record-measurement.fixture.ts'
import { recordStudy } from './record-study.ts'
import { configurationFailure } from '../schema/index.ts'
import { withdrawFulfilment } from '../executions/withdraw-fulfilment.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'

const ledger = useLedger()
const configurations = Array.from({ length: 12 }, (_, seed) => configurationWith(seed))
const ids = configurations.map(configurationId)
const record = studyOf('changes', configurations)

beforeAll(() => recordStudy(ledger.db, record))

const now = async () => (await changesSince(ledger.db, null)).position
const failing = (id: Digest, message = 'broken') => ({
  studyId: record.id,
  configurationId: id,
  stage: 'fine-tune' as const,
  stageKey: null,
  perturbation: null,
  failureClass: 'Bug',
  message,
  evidence: null,
})

it('finds new studies, stages, numbers, failures and pools, and nothing where nothing was written', async () => {
  const begun = await now()
  expect(await changesSince(ledger.db, begun)).toEqual({
    position: begun,
    configurations: [],
    studies: [],
    hasWithdrawnShared: false,
    pools: [],
    isOther: false,
  })
  const another = studyOf('another', [configurationWith(100)])
  await recordStudy(ledger.db, another)
  expect(await changesSince(ledger.db, begun)).toMatchObject({ studies: [another.id], configurations: [] })

  const outcomes = artifactOf('outcomes')
  const evaluation = fulfilment('perturb-and-evaluate', {}, { outcomes }, { configurationId: ids[0]! })
  const fulfilled = await seen(() => fulfilExecution(ledger.db, evaluation))
  const measured = await seen(() =>
    recordMeasurement(ledger.db, {
      configurationId: ids[0]!,
      perturbation: clean,
      stageKey: evaluation.key,
      outcomesDigest: outcomes.digest,
      correct: 3,
      total: 4,
    }),
  )
  for (const changes of [fulfilled, measured])
    expect(changes).toMatchObject({ configurations: [ids[0]], studies: [record.id] })
  expect(await seen(() => recordFailure(ledger.db, failing(ids[1]!)))).toMatchObject({ configurations: [ids[1]] })
  expect(await seen(() => recordPool(ledger.db, 'default', { a: 1 }))).toMatchObject({ pools: ['default'] })
})

it('says where a stage that many rest on was withdrawn, and nothing of one that was made for the first time', async () => {
  const shared = fulfilment('prepare-dataset', {}, { manifest: artifactOf('manifest') })
  expect(await seen(() => fulfilExecution(ledger.db, shared))).toMatchObject({ hasWithdrawnShared: false })
  expect(await seen(() => withdrawFulfilment(ledger.db, shared.key, 'lost'))).toMatchObject({
    hasWithdrawnShared: true,
  })
  const again = { ...shared, attempt: attemptCalled('again') }
  expect(await seen(() => fulfilExecution(ledger.db, again))).toMatchObject({ hasWithdrawnShared: true })
})

it('finds a row again that was written again', async () => {
  await recordFailure(ledger.db, failing(ids[2]!))
  expect(await seen(() => recordFailure(ledger.db, failing(ids[2]!, 'again')))).toMatchObject({
    configurations: [ids[2]],
  })
})

it('says that a position is of another ledger where it lies in the future', async () => {
  expect(await changesSince(ledger.db, '99999999999')).toMatchObject({ isOther: true })
})

it('gives every write to a reader, in whatever order transactions begin, write and commit', async () => {
  const plans = fc.array(fc.record({ writer: fc.nat(3), reads: fc.boolean() }), { minLength: 4, maxLength: 24 })
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const open = new Map<number, Awaited<ReturnType<typeof beginWriting>>>()
      const [written, found] = [new Set<string>(), new Set<string>()]
      let position = await now()
      const read = async () => {
        const changes = await changesSince(ledger.db, position)
        position = changes.position
        for (const id of changes.configurations) found.add(id)
      }
      // A writer's first turn begins a transaction and writes; its second one commits.
      for (const { writer, reads } of plan) {
        const transaction = open.get(writer)
        if (transaction) {
          await transaction.commit()
          written.add(transaction.id)
          open.delete(writer)
        } else open.set(writer, await beginWriting(ids[writer]!))
        if (reads) await read()
      }
      for (const transaction of open.values()) await transaction.commit()
      await read()
      expect([...written].filter((id) => !found.has(id))).toEqual([])
    }),
    { numRuns: 40 },
  )
})

/** What was written while `write` ran. */
async function seen(write: () => Promise<unknown>) {
  const before = await now()
  await write()
  return changesSince(ledger.db, before)
}

/** Writes a row in a transaction that stays open until it is told to commit. */
async function beginWriting(id: Digest) {
  let release: () => void = () => undefined
  const released = new Promise<void>((done) => (release = done))
  let committed: Promise<unknown> = Promise.resolve()
  await new Promise<void>((begun, failed) => {
    committed = ledger.db
      .transaction(async (transaction: LedgerDatabase) => {
        await recordFailure(transaction, failing(id))
        await transaction
          .update(configurationFailure)
          .set({ message: sql`message || '.'` })
          .where(eq(configurationFailure.configurationId, id))
        begun()
        await released
      })
      .catch(failed)
  })
  return {
    id,
    commit: async () => {
      release()
      await committed
    },
  }
}
