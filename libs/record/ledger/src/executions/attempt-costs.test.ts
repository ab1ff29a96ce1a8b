import { beforeAll, expect, it } from 'vitest'
import { artifactOf, attemptCalled, fulfilment, useLedger } from '../ledger.fixture.ts'
import { measuredAttempts } from './attempt-costs.ts'
import { fulfilExecution } from './fulfil-execution.ts'
import { recordAttempt } from './record-attempt.ts'

const ledger = useLedger()

/** A stage that one attempt did in so many seconds. */
const done = (name: string, seconds: number, details = {}) => {
  const [startedAt, endedAt] = [0, seconds].map((at) => new Date(at * 1_000).toISOString()) as [string, string]
  const attempt = attemptCalled(name, { startedAt, endedAt, details })
  return fulfilment('pretrain-load', {}, { parameters: artifactOf(name) }, { parameters: { name }, attempt })
}
const { environmentClass } = done('any', 1).identity

beforeAll(async () => {
  for (const report of [done('short', 10), done('long', 20, { usage: { peak: 1 } })])
    await fulfilExecution(ledger.db, report)
  await fulfilExecution(ledger.db, done('resumed', 30, { resumedFrom: 'a checkpoint' }))
  const { identity, configurationId, attempt } = done('failed', 40)
  const failure = { class: 'Bug', message: 'it failed' }
  await recordAttempt(ledger.db, { identity, configurationId, attempt, failure })
})

it('prices stages by attempts that did the whole of one, the latest first, and by no other', async () => {
  const measured = await measuredAttempts(ledger.db, [environmentClass])
  expect(measured.map(({ seconds, usage }) => [seconds, usage])).toEqual([
    [20, { peak: 1 }],
    [10, null],
  ])
  expect(await measuredAttempts(ledger.db, [environmentClass], 1)).toHaveLength(1)
  expect(await measuredAttempts(ledger.db, ['0'.repeat(64)])).toEqual([])
})
