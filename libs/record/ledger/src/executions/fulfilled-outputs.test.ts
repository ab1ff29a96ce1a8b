import { digestOf } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { fulfilExecution } from './fulfil-execution.ts'
import { fulfilledOutputsOf } from './fulfilled-outputs.ts'
import { artifactOf, attemptCalled, fulfilment, useLedger } from '../ledger.fixture.ts'
import { recordAttempt } from './record-attempt.ts'

const ledger = useLedger()

it('gives what the fulfilled stages among all keys of a large study generated, and leaves the others out', async () => {
  const fulfilled = [1, 2, 3].map((i) =>
    fulfilment('fine-tune', {}, { parameters: artifactOf(`parameters ${i}`) }, { parameters: { i } }),
  )
  for (const report of fulfilled) await fulfilExecution(ledger.db, report)
  const empty = fulfilment('fine-tune', {}, {}, { parameters: 'makes nothing' })
  await fulfilExecution(ledger.db, empty)
  const running = fulfilment('fine-tune', {}, {}, { parameters: 'running' })
  await recordAttempt(ledger.db, { ...running, attempt: attemptCalled('a'), failure: null })

  const unknown = Array.from({ length: 13_000 }, (_, i) => digestOf(i))
  const keys = [running.key, ...unknown, ...fulfilled.map(({ key }) => key), empty.key]
  const outputs = await fulfilledOutputsOf(ledger.db, keys)
  expect(outputs).toEqual(
    new Map([...fulfilled.map(({ key, generated }) => [key, generated] as const), [empty.key, {}] as const]),
  )
})

it('gives nothing for no keys', async () => {
  expect(await fulfilledOutputsOf(ledger.db, [])).toEqual(new Map())
})
