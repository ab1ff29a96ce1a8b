import { expect, it } from 'vitest'
import { fulfilExecution } from './fulfil-execution.ts'
import { artifactOf, attemptCalled, configurationWith, fulfilment, useLedger } from './ledger.fixture.ts'
import { outOfMemoryFacts } from './out-of-memory.ts'
import { recordAttempt } from './record-attempt.ts'

const ledger = useLedger()
const configuration = configurationWith(1)

/** A fine-tuning of the configuration with a micro-batch, of which only what memory depends on is told. */
function tuning(microBatch: number, changes: { readonly loss?: string; readonly endedAt?: string } = {}) {
  const { backbone, dataset, loss, protocol } = configuration
  const parameters = {
    backbone: backbone.id,
    resolution: dataset.resolution,
    classes: dataset.classes,
    loss: changes.loss ?? loss,
    protocol: { trains: protocol.trains },
    hyperparameters: { microBatch },
  }
  const attempt = attemptCalled(`try ${microBatch}`, { endedAt: changes.endedAt ?? '2026-01-01T00:00:10.000Z' })
  return fulfilment('fine-tune', {}, { trained: artifactOf(`trained ${microBatch}`) }, { parameters, attempt })
}

async function runOut(microBatch: number, changes: Parameters<typeof tuning>[1] = {}) {
  const { identity, attempt } = tuning(microBatch, changes)
  const failure = { class: 'OutOfMemory', message: 'no room' } as const
  await recordAttempt(ledger.db, { identity, configurationId: null, attempt, failure })
  return identity.environmentClass
}

it('knows the smallest micro-batch that ran out, for configurations alike and in one environment', async () => {
  const environment = await runOut(64)
  await runOut(32)
  await runOut(4, { loss: 'Classic AT' })
  const facts = await outOfMemoryFacts(ledger.db, environment)
  expect(facts(configuration)).toBe(32)
  expect(facts(configurationWith(2))).toBe(32)
  expect(facts({ ...configuration, loss: 'Classic AT' })).toBe(4)
  expect(facts({ ...configuration, protocol: { ...configuration.protocol, trains: 'head' } })).toBeNull()
  expect((await outOfMemoryFacts(ledger.db, 'a'.repeat(64)))(configuration)).toBeNull()
})

it('forgets a micro-batch once the same or a larger one was fulfilled', async () => {
  const report = tuning(48)
  await fulfilExecution(ledger.db, report)
  const facts = await outOfMemoryFacts(ledger.db, report.identity.environmentClass)
  expect(facts(configuration)).toBe(64)
})
