import { configurationId } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { attemptDurations } from './attempt-durations.ts'
import { fulfilExecution } from './fulfil-execution.ts'
import { attemptCalled, configurationWith, fulfilment, studyOf, useLedger } from './ledger.fixture.ts'
import { recordAttempt } from './record-attempt.ts'
import { recordStudy } from './record-study.ts'

const ledger = useLedger()

it('gives the seconds of successful attempts, newest first, for one backbone or for all', async () => {
  const [lite, tiny] = [configurationWith(1), configurationWith(1, 'convnext_tiny.fb_in1k')]
  await recordStudy(ledger.db, studyOf('durations', [lite, tiny]))
  const run = async (configuration: typeof lite, step: number, endedAt: string) => {
    const subject = { configurationId: configurationId(configuration), parameters: { step } }
    const report = fulfilment('fine-tune', {}, {}, { ...subject, attempt: attemptCalled('a', { endedAt }) })
    await fulfilExecution(ledger.db, report)
    return report
  }
  await run(lite, 1, '2026-01-01T00:00:10.500Z')
  await run(lite, 2, '2026-01-01T00:00:20.000Z')
  await run(tiny, 3, '2026-01-01T00:01:00.000Z')
  await run(lite, 4, '2025-12-31T23:00:00.000Z') // its clock was set back
  const failing = fulfilment('fine-tune', {}, {}, { parameters: { step: 5 } })
  await recordAttempt(ledger.db, { ...failing, failure: { class: 'OutOfMemory', message: 'too large' } })

  expect(await attemptDurations(ledger.db, 'fine-tune', lite.backbone.id)).toEqual([
    { seconds: 20, device: 'cpu', parameters: { step: 2 } },
    { seconds: 10.5, device: 'cpu', parameters: { step: 1 } },
  ])
  expect((await attemptDurations(ledger.db, 'fine-tune', null)).map(({ seconds }) => seconds)).toEqual([60, 20, 10.5])
  expect(await attemptDurations(ledger.db, 'fine-tune', null, 1)).toHaveLength(1)
  expect(await attemptDurations(ledger.db, 'checkpoint', null)).toEqual([])
})
