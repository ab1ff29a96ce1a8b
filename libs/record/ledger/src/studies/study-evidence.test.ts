import { configurationId, corruptionNames, digestOf, type Configuration, type Perturbation } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { fulfilExecution } from '../executions/fulfil-execution.ts'
import { artifactOf, clean, configurationWith, fulfilment, linf, studyOf, useLedger } from '../ledger.fixture.ts'
import { LineageBroken } from '../executions/lineage-broken.ts'
import { recordFailure } from './record-failure.ts'
import { measurementId } from '../executions/record-measurement.ts'
import { recordMeasurement } from '../record-measurement.fixture.ts'
import { perturbationKey, recordStudy } from './record-study.ts'
import { measurement } from '../schema/index.ts'
import { rowsOfStudy, studyEvidence } from './study-evidence.ts'
import { StudyUnknown } from './study-unknown.ts'

const ledger = useLedger()

/** Evaluates a configuration; `code` makes it another execution with other outcomes. */
const flags = [{ name: 'saturated', value: 0.5, limit: 0.1, policy: 'refuse' }] as const

async function measure(
  configuration: Configuration,
  perturbation: Perturbation,
  correct: number,
  code = 'code',
  evaluator?: string,
) {
  const outcomes = artifactOf(`outcomes of ${configuration.seed} under ${perturbation.name} by ${code}`)
  const subject = { configurationId: configurationId(configuration) }
  const report = fulfilment(
    'perturb-and-evaluate',
    {},
    { outcomes },
    { ...subject, parameters: { outcomes: outcomes.digest, code } },
  )
  await fulfilExecution(ledger.db, report)
  const record = { ...subject, perturbation, stageKey: report.key, outcomesDigest: outcomes.digest, correct, total: 40 }
  await recordMeasurement(ledger.db, { ...record, flags, ...(evaluator === undefined ? {} : { evaluator }) })
  return record
}

const failureOf = (configuration: Configuration) => ({
  configurationId: configurationId(configuration),
  stage: 'fine-tune' as const,
  stageKey: null,
  perturbation: null,
  failureClass: 'Bug',
  message: 'broken',
  evidence: null,
})

it('gives the grid in its order, with every number and every failure', async () => {
  const [good, diverged] = [configurationWith(1), configurationWith(2)]
  const record = { ...studyOf('mixed', [good, diverged]), exclusions: [{ cell: 'a cell', reason: 'too dear' }] }
  await recordStudy(ledger.db, record)
  const first = await measure(good, clean, 36)
  const loss = { ...failureOf(diverged), failureClass: 'Diverged', message: 'loss is NaN at step 7' }
  await recordFailure(ledger.db, { ...loss, studyId: record.id, stageKey: digestOf('a key') })

  const evidence = await studyEvidence(ledger.db, 'mixed')
  expect(evidence.study).toMatchObject({ id: record.id, name: 'mixed' })
  expect(evidence.exclusions).toEqual(record.exclusions)
  expect(evidence.configurations).toEqual(
    [good, diverged].map((each, position) => ({ position, id: configurationId(each), configuration: each })),
  )
  expect(evidence.perturbations.map(({ perturbation }) => perturbation)).toEqual([clean, linf])
  expect(evidence.measurements).toEqual([
    {
      measurementId: measurementId(first),
      configurationId: configurationId(good),
      perturbationKey: perturbationKey(clean),
      evaluator: 'argmax',
      flags,
      correct: 36,
      total: 40,
      stageKey: first.stageKey,
      outcomesDigest: first.outcomesDigest,
      codeDigest: digestOf('code'),
      environmentClass: digestOf({ cores: 2 }),
      confirmedAt: expect.any(Date) as Date,
      importSeal: null,
    },
  ])
  expect(evidence.failures).toEqual([
    {
      configurationId: configurationId(diverged),
      perturbationKey: null,
      stage: 'fine-tune',
      stageKey: digestOf('a key'),
      failureClass: 'Diverged',
      message: 'loss is NaN at step 7',
      recordedAt: expect.any(Date) as Date,
    },
  ])
})

it('gives the evaluator that the outcomes name, where it says more than what was asked for', async () => {
  const configuration = configurationWith(31)
  const common: Perturbation = {
    name: 'common',
    evaluator: { name: 'corruptions', portfolio: corruptionNames, severity: 3 },
  }
  await recordStudy(ledger.db, studyOf('archived', [configuration], [common]))
  const evaluator = 'corruptions-archived'
  await measure(configuration, common, 7, 'code', evaluator)
  expect((await studyEvidence(ledger.db, 'archived')).measurements).toMatchObject([{ correct: 7, evaluator }])
})

it('keeps the later of two failures of one key, and those of other keys beside it', async () => {
  const [cell, key, other] = [configurationWith(22), digestOf('key'), digestOf('other key')]
  const record = studyOf('retried', [cell], [clean])
  await recordStudy(ledger.db, record)
  const failed = { ...failureOf(cell), studyId: record.id }
  await recordFailure(ledger.db, { ...failed, stageKey: key, message: 'first' })
  await recordFailure(ledger.db, { ...failed, stageKey: other, message: 'of other code' })
  await recordFailure(ledger.db, { ...failed, stageKey: key, message: 'second' })
  const { failures } = await studyEvidence(ledger.db, record.id)
  expect(failures.map(({ stageKey, message }) => [stageKey, message])).toEqual([
    [key, 'second'],
    [other, 'of other code'],
  ])
})

it('gives all numbers of a cell, the one that a run arrived at last first', async () => {
  const cell = configurationWith(32)
  await recordStudy(ledger.db, studyOf('measured twice', [cell], [clean]))
  const older = await measure(cell, clean, 11, 'old code')
  await measure(cell, clean, 22, 'new code')
  const counts = async () =>
    (await studyEvidence(ledger.db, 'measured twice')).measurements.map(({ correct }) => correct)
  expect(await counts()).toEqual([22, 11])
  await recordMeasurement(ledger.db, older) // somebody went back to the old code and reused what it had made
  expect(await counts()).toEqual([11, 22])
})

it('records a measurement once, refuses another count of the same outcomes, and any count of outcomes nobody made', async () => {
  const cell = configurationWith(41)
  await recordStudy(ledger.db, studyOf('counted', [cell], [clean]))
  const record = await measure(cell, clean, 7)
  const before = await ledger.db.$count(measurement)
  expect(await recordMeasurement(ledger.db, record)).toBe(measurementId(record))
  expect(await ledger.db.$count(measurement)).toBe(before)
  await expect(recordMeasurement(ledger.db, { ...record, correct: 8 })).rejects.toThrow(
    /counted as 7 of 40 before and as 8 of 40 now/,
  )
  await expect(recordMeasurement(ledger.db, { ...record, total: 41 })).rejects.toThrow(/and as 7 of 41 now/)
  await expect(recordMeasurement(ledger.db, { ...record, outcomesDigest: digestOf('?') })).rejects.toBeInstanceOf(
    LineageBroken,
  )
  await expect(recordMeasurement(ledger.db, { ...record, stageKey: digestOf('?') })).rejects.toBeInstanceOf(
    LineageBroken,
  )
  expect((await studyEvidence(ledger.db, 'counted')).measurements.map(({ correct }) => correct)).toEqual([7])
})

it('refuses a count of what an evaluation has read, or another stage has made', async () => {
  const cell = configurationWith(42)
  await recordStudy(ledger.db, studyOf('counted otherwise', [cell], [clean]))
  const [checkpoint, outcomes] = [artifactOf('a checkpoint'), artifactOf('outcomes of it')]
  const made = fulfilment('checkpoint', {}, { checkpoint })
  const evaluated = fulfilment('perturb-and-evaluate', { checkpoint }, { outcomes })
  for (const report of [made, evaluated]) await fulfilExecution(ledger.db, report)
  const number = { configurationId: configurationId(cell), perturbation: clean, correct: 1, total: 2 }
  const count = (stageKey: string, { digest }: { readonly digest: string }) =>
    recordMeasurement(ledger.db, { ...number, stageKey, outcomesDigest: digest })
  await expect(count(evaluated.key, checkpoint)).rejects.toBeInstanceOf(LineageBroken)
  await expect(count(made.key, checkpoint)).rejects.toBeInstanceOf(LineageBroken)
  await count(evaluated.key, outcomes)
})

it('finds the last study of a name, and says which ones there are', async () => {
  const [older, newer] = [studyOf('renamed', [configurationWith(51)]), studyOf('renamed', [configurationWith(52)])]
  await recordStudy(ledger.db, older)
  await recordStudy(ledger.db, newer)
  expect((await studyEvidence(ledger.db, 'renamed')).study.id).toBe(newer.id)
  expect((await studyEvidence(ledger.db, older.id)).study.id).toBe(older.id)
  const error: unknown = await studyEvidence(ledger.db, 'unheard-of').catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(StudyUnknown)
  expect(String(error)).toMatch(/no study "unheard-of": it holds .*renamed/)
})

it('reads the configurations of some rows alone, as the whole has them', async () => {
  const all = [11, 12, 13].map((seed) => configurationWith(seed))
  await recordStudy(ledger.db, studyOf('in parts', all))
  for (const one of all) await measure(one, linf, one.seed, 'of parts')
  const whole = await studyEvidence(ledger.db, 'in parts')
  const part = await studyEvidence(ledger.db, 'in parts', { first: 3, last: 4 })
  expect([whole.rows, part.rows]).toEqual([6, 6])
  expect(part.configurations).toEqual([whole.configurations[1]])
  expect(part.measurements).toEqual(
    whole.measurements.filter((each) => each.configurationId === configurationId(all[1]!)),
  )
  const beyond = await studyEvidence(ledger.db, 'in parts', { first: 7, last: 999_999_999 })
  expect([beyond.configurations, beyond.measurements]).toEqual([[], []])
  expect(await rowsOfStudy(ledger.db, 'in parts')).toBe(6)
})
