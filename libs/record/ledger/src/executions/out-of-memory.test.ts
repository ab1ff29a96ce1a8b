import { configurationId, type Configuration } from '@gauntlet/study'
import { beforeAll, expect, it } from 'vitest'
import { fulfilExecution } from './fulfil-execution.ts'
import { artifactOf, attemptCalled, configurationWith, fulfilment, studyOf, useLedger } from '../ledger.fixture.ts'
import { outOfMemoryFacts } from './out-of-memory.ts'
import { recordAttempt } from './record-attempt.ts'
import { recordStudy } from '../studies/record-study.ts'

const ledger = useLedger()
const configuration = configurationWith(1)
const otherLoss = { ...configuration, loss: 'Classic AT' } as const

beforeAll(() => recordStudy(ledger.db, studyOf('tuned', [configuration, otherLoss])))

/** A fine-tuning with a micro-batch, of which only what the facts are made of is told. */
function tuning(microBatch: number, of: Configuration = configuration) {
  const attempt = attemptCalled(`try ${microBatch}`)
  const parameters = { loss: of.loss, hyperparameters: { microBatch } }
  const changes = { configurationId: configurationId(of), parameters, attempt }
  return fulfilment('fine-tune', {}, { trained: artifactOf(`trained ${microBatch}`) }, changes)
}

async function runOut(microBatch: number, of?: Configuration, ended: { readonly endedAt?: string } = {}) {
  const { identity, configurationId: id, attempt: tried } = tuning(microBatch, of)
  const attempt = { ...tried, ...ended }
  const failure = { class: 'OutOfMemory', message: 'no room' } as const
  await recordAttempt(ledger.db, { identity, configurationId: id, attempt, failure })
  return identity.environmentClass
}

it('knows the smallest micro-batch that ran out, for configurations alike and in one environment', async () => {
  const environment = await runOut(64)
  await runOut(32)
  await runOut(4, otherLoss)
  const facts = await outOfMemoryFacts(ledger.db, environment)
  expect(facts(configuration)).toBe(32)
  expect(facts(configurationWith(2))).toBe(32)
  expect(facts(otherLoss)).toBe(4)
  expect(facts({ ...configuration, protocol: { ...configuration.protocol, trains: 'head' } })).toBeNull()
  for (const change of [{ resolution: 64 }, { classes: 11 }])
    expect(facts({ ...configuration, dataset: { ...configuration.dataset, ...change } })).toBeNull()
  expect((await outOfMemoryFacts(ledger.db, 'a'.repeat(64)))(configuration)).toBeNull()
})

it('forgets a micro-batch once the same or a larger one was fulfilled', async () => {
  const report = tuning(48)
  await fulfilExecution(ledger.db, report)
  const facts = await outOfMemoryFacts(ledger.db, report.identity.environmentClass)
  expect(facts(configuration)).toBe(64)
})

it('knows one that ran out after a larger one was fulfilled', async () => {
  const environment = await runOut(16, configuration, { endedAt: new Date(Date.now() + 60_000).toISOString() })
  expect((await outOfMemoryFacts(ledger.db, environment))(configuration)).toBe(16)
})
