import { configurationId, corruptionNames, digestOf, type Configuration, type Perturbation } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { fulfilExecution } from './fulfil-execution.ts'
import { artifactOf, clean, configurationWith, fulfilment, linf, studyOf, useLedger } from './ledger.fixture.ts'
import { LineageBroken } from './lineage-broken.ts'
import { recordFailure } from './record-failure.ts'
import { measurementId, recordMeasurement } from './record-measurement.ts'
import { recordStudy } from './record-study.ts'
import { measurement } from './schema/index.ts'
import { studyResults } from './study-results.ts'
import { StudyUnknown } from './study-unknown.ts'

const ledger = useLedger()

const flags = [{ name: 'saturated', value: 0.5, limit: 0.1, policy: 'refuse' }] as const

/** Evaluates a configuration. Another `code` makes another execution with other outcomes. */
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

it('shows every cell once: measured, or missing for a reason', async () => {
  const [good, diverged, half, waiting] = [1, 2, 3, 4].map((seed) => configurationWith(seed))
  const record = {
    ...studyOf('mixed', [good!, diverged!, half!, waiting!]),
    exclusions: [{ cell: 'a cell', reason: 'too dear' }],
  }
  await recordStudy(ledger.db, record)
  const first = await measure(good!, clean, 36)
  await measure(good!, linf, 10)
  await measure(half!, clean, 20)
  const failure = { studyId: record.id, failureClass: 'Diverged', message: 'loss is NaN at step 7', evidence: null }
  await recordFailure(ledger.db, {
    ...failure,
    configurationId: configurationId(diverged!),
    stage: 'fine-tune',
    perturbation: null,
  })
  const lost = { failureClass: 'WorkerLost', message: 'gone 5 times', evidence: { attempts: 5 } }
  await recordFailure(ledger.db, {
    ...failure,
    ...lost,
    configurationId: configurationId(half!),
    stage: 'perturb-and-evaluate',
    perturbation: linf,
  })

  const results = await studyResults(ledger.db, 'mixed')
  expect(results.study).toMatchObject({ id: record.id, name: 'mixed' })
  expect(results.exclusions).toEqual(record.exclusions)
  expect(
    results.rows.map(({ row, seed, perturbation, correct, total }) => [row, seed, perturbation, correct, total]),
  ).toEqual([
    [1, 1, 'clean', 36, 40],
    [2, 1, 'Linf', 10, 40],
    [5, 3, 'clean', 20, 40],
  ])
  expect(
    results.missing.map(({ row, seed, perturbation, stage, failureClass, reason }) => [
      row,
      seed,
      perturbation,
      stage,
      failureClass,
      reason,
    ]),
  ).toEqual([
    [3, 2, 'clean', 'fine-tune', 'Diverged', 'loss is NaN at step 7'],
    [4, 2, 'Linf', 'fine-tune', 'Diverged', 'loss is NaN at step 7'],
    [6, 3, 'Linf', 'perturb-and-evaluate', 'WorkerLost', 'gone 5 times'],
    [7, 4, 'clean', null, null, 'not run yet'],
    [8, 4, 'Linf', null, null, 'not run yet'],
  ])
  expect(results.rows[0]).toEqual({
    row: 1,
    configurationId: configurationId(good!),
    dataset: 'digits',
    backbone: 'tf_efficientnet_lite0.in1k',
    loss: 'TRADES',
    protocol: 'FFT-1',
    seed: 1,
    perturbation: 'clean',
    epsilon: null,
    evaluator: 'argmax',
    flags,
    measurementId: measurementId(first),
    correct: 36,
    total: 40,
    accuracy: 0.9,
    stageKey: first.stageKey,
    outcomesDigest: first.outcomesDigest,
    codeDigest: digestOf('code'),
    environmentClass: digestOf('2 cores'),
  })
  expect(results.rows[1]).toMatchObject({ epsilon: 4 / 255, evaluator: 'apgd-ce-10' })
})

it('shows the evaluator that the outcomes name, where it says more than what was asked for', async () => {
  const configuration = configurationWith(31)
  const common: Perturbation = {
    name: 'common',
    evaluator: { name: 'corruptions', portfolio: corruptionNames, severity: 3 },
  }
  const record = studyOf('archived', [configuration], [common])
  await recordStudy(ledger.db, record)
  expect((await studyResults(ledger.db, 'archived')).missing[0]).toMatchObject({ evaluator: 'corruptions-11-s3' })
  const evaluator = 'corruptions-archived'
  await measure(configuration, common, 7, 'code', evaluator)
  expect((await studyResults(ledger.db, 'archived')).rows[0]).toMatchObject({ correct: 7, evaluator })
})

it('shows a number instead of an earlier failure, and the later of two failures', async () => {
  const [retried, hopeless] = [configurationWith(21), configurationWith(22)]
  const record = studyOf('retried', [retried, hopeless], [clean])
  await recordStudy(ledger.db, record)
  const failure = { studyId: record.id, stage: 'fine-tune', perturbation: null, evidence: null } as const
  for (const message of ['first', 'second']) {
    for (const cell of [retried, hopeless]) {
      await recordFailure(ledger.db, {
        ...failure,
        configurationId: configurationId(cell),
        failureClass: 'Bug',
        message,
      })
    }
  }
  await measure(retried, clean, 30)
  const { rows, missing } = await studyResults(ledger.db, record.id)
  expect(rows.map(({ seed, correct }) => [seed, correct])).toEqual([[21, 30]])
  expect(missing.map(({ seed, reason }) => [seed, reason])).toEqual([[22, 'second']])
})

it('shows one number per cell: the one that was confirmed last', async () => {
  const cell = configurationWith(31)
  await recordStudy(ledger.db, studyOf('measured twice', [cell], [clean]))
  const older = await measure(cell, clean, 11, 'old code')
  await measure(cell, clean, 22, 'new code')
  expect((await studyResults(ledger.db, 'measured twice')).rows.map(({ correct }) => correct)).toEqual([22])
  await recordMeasurement(ledger.db, older) // somebody went back to the old code and reused what it had made
  expect((await studyResults(ledger.db, 'measured twice')).rows.map(({ correct }) => correct)).toEqual([11])
})

it('records a measurement once, and refuses another count of its outcomes or a count of unknown outcomes', async () => {
  const cell = configurationWith(41)
  await recordStudy(ledger.db, studyOf('counted', [cell], [clean]))
  const record = await measure(cell, clean, 7)
  const before = await ledger.db.$count(measurement)
  expect(await recordMeasurement(ledger.db, record)).toBe(measurementId(record))
  expect(await ledger.db.$count(measurement)).toBe(before)
  await expect(recordMeasurement(ledger.db, { ...record, correct: 8 })).rejects.toThrow(
    /counted as 7 of 40 before and as 8 of 40 now/,
  )
  await expect(recordMeasurement(ledger.db, { ...record, outcomesDigest: digestOf('?') })).rejects.toBeInstanceOf(
    LineageBroken,
  )
  await expect(recordMeasurement(ledger.db, { ...record, stageKey: digestOf('?') })).rejects.toBeInstanceOf(
    LineageBroken,
  )
  expect((await studyResults(ledger.db, 'counted')).rows.map(({ correct }) => correct)).toEqual([7])
})

it('finds the last study of a name, and lists the studies there are for an unknown one', async () => {
  const [older, newer] = [studyOf('renamed', [configurationWith(51)]), studyOf('renamed', [configurationWith(52)])]
  await recordStudy(ledger.db, older)
  await recordStudy(ledger.db, newer)
  expect((await studyResults(ledger.db, 'renamed')).study.id).toBe(newer.id)
  expect((await studyResults(ledger.db, older.id)).study.id).toBe(older.id)
  const error: unknown = await studyResults(ledger.db, 'unheard-of').catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(StudyUnknown)
  expect(String(error)).toMatch(/no study "unheard-of": it holds .*renamed/)
})
