import { configurationId } from '@gauntlet/study'
import { eq } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { fulfilExecution } from './fulfil-execution.ts'
import { fulfilledOutputs } from './fulfilled-outputs.ts'
import {
  artifactOf,
  attemptCalled,
  clean,
  configurationWith,
  fulfilment,
  studyOf,
  useLedger,
} from '../ledger.fixture.ts'
import { recordAttempt } from './record-attempt.ts'
import { recordMeasurement } from '../record-measurement.fixture.ts'
import { recordStudy } from '../studies/record-study.ts'
import { attempt, withdrawal } from '../schema/index.ts'
import { studyEvidence } from '../studies/study-evidence.ts'
import { withdrawFulfilment } from './withdraw-fulfilment.ts'

const ledger = useLedger()
const configuration = configurationWith(1)
const evaluated = (made: string, id: string) =>
  fulfilment('perturb-and-evaluate', {}, { outcomes: artifactOf(made) }, { attempt: attemptCalled(id) })

async function count(report: ReturnType<typeof evaluated>, correct: number) {
  const cell = { configurationId: configurationId(configuration), perturbation: clean, stageKey: report.key }
  await recordMeasurement(ledger.db, {
    ...cell,
    outcomesDigest: report.generated['outcomes']!.digest,
    correct,
    total: 40,
  })
}

it('lets other bytes take the place of lost ones, and keeps the digests of the lost ones', async () => {
  await recordStudy(ledger.db, studyOf('lost', [configuration], [clean]))
  const [lost, found] = [evaluated('lost outcomes', 'a'), evaluated('other outcomes', 'b')]
  await fulfilExecution(ledger.db, lost)
  await count(lost, 10)
  expect(await fulfilExecution(ledger.db, found)).toMatchObject({ standing: 'contradicted' })

  await withdrawFulfilment(ledger.db, lost.key, 'the store lost its outcomes')
  expect(await fulfilledOutputs(ledger.db, lost.key)).toBeNull()
  expect((await studyEvidence(ledger.db, 'lost')).measurements).toEqual([])
  expect(await fulfilExecution(ledger.db, found)).toEqual({ standing: 'first', outputs: found.generated })
  await count(found, 11)

  expect((await studyEvidence(ledger.db, 'lost')).measurements.map(({ correct }) => correct)).toEqual([11])
  const attempts = await ledger.db.select().from(attempt).where(eq(attempt.stageKey, lost.key)).orderBy(attempt.id)
  expect(attempts).toMatchObject([
    {
      id: 'a',
      outcome: 'withdrawn',
      message: 'the store lost its outcomes',
      generated: { outcomes: lost.generated['outcomes']!.digest },
    },
    { id: 'b', outcome: 'fulfilled' },
  ])
  expect(await ledger.db.select().from(withdrawal)).toMatchObject([
    {
      stageKey: lost.key,
      attemptId: 'a',
      reason: 'the store lost its outcomes',
      generated: { outcomes: lost.generated['outcomes']!.digest },
      measurements: [{ correct: 10, total: 40, outcomesDigest: lost.generated['outcomes']!.digest }],
    },
  ])
})

it('withdraws nothing from a stage that was never fulfilled', async () => {
  const running = fulfilment('fine-tune', {}, {}, { parameters: 'running' })
  await recordAttempt(ledger.db, { ...running, failure: null })
  await withdrawFulfilment(ledger.db, running.key, 'nothing to lose')
  expect(await ledger.db.select().from(attempt).where(eq(attempt.stageKey, running.key))).toMatchObject([
    { outcome: 'running', message: null },
  ])
})
