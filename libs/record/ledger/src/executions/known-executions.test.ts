import { beforeAll, expect, it } from 'vitest'
import { fulfilExecution } from './fulfil-execution.ts'
import { fulfilledAbout, lastFailures, recallIntact } from './known-executions.ts'
import { artifactOf, attemptCalled, fulfilment, useLedger } from '../ledger.fixture.ts'
import { recordAttempt } from './record-attempt.ts'

const ledger = useLedger()

const prepared = fulfilment('prepare-dataset', {}, {}, { parameters: { dataset: { id: 'digits' } } })
const trained = fulfilment('fine-tune', {}, { trained: artifactOf('a') }, { parameters: { backbone: 'a', epochs: 1 } })
const other = fulfilment('fine-tune', {}, { trained: artifactOf('b') }, { parameters: { backbone: 'b' } })
const failing = fulfilment('fine-tune', {}, {}, { parameters: { backbone: 'a', epochs: 2 } })

async function fail({ identity }: typeof failing, id: string, message: string, endedAt: string) {
  const attempt = attemptCalled(id, { endedAt })
  await recordAttempt(ledger.db, { identity, configurationId: null, attempt, failure: { class: 'Bug', message } })
}

beforeAll(async () => {
  await fail(trained, 'try', 'then it worked', '2026-01-01T00:00:09.000Z')
  for (const report of [prepared, trained, other]) await fulfilExecution(ledger.db, report)
  await fail(failing, 'second', 'later', '2026-01-01T00:00:09.000Z')
  await fail(failing, 'first', 'earlier', '2026-01-01T00:00:05.000Z')
})

it('gives the fulfilled executions of a stage about a backbone or a dataset, with what their keys were made of', async () => {
  const found = await fulfilledAbout(ledger.db, 'fine-tune', ['a', 'c'])
  expect(found).toMatchObject([{ stageKey: trained.key, parameters: { backbone: 'a' }, environment: { cores: 2 } }])
  expect(await fulfilledAbout(ledger.db, 'prepare-dataset', ['digits'])).toMatchObject([{ stageKey: prepared.key }])
})

it('gives the last failure of a stage that has not been fulfilled since', async () => {
  const failures = await lastFailures(ledger.db, [trained.key, other.key, failing.key])
  expect([...failures]).toEqual([[failing.key, { failureClass: 'Bug', message: 'later' }]])
})

it('recalls a stage only if the store has all that it made', async () => {
  const [manifest, images] = [artifactOf('manifest'), artifactOf('images')]
  const whole = fulfilment('prepare-dataset', {}, { manifest, images }, { parameters: { dataset: { id: 'whole' } } })
  await fulfilExecution(ledger.db, whole)
  const recalled = async (...digests: string[]) =>
    (await recallIntact(ledger.db, async () => new Set(digests))([whole.key], new Map())).size
  expect(await recalled(manifest.digest, images.digest)).toBe(1)
  expect(await recalled(manifest.digest)).toBe(0)
})
