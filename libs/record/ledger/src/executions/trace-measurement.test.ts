import { configurationId, digestOf, type ArtifactsByRole, type StageIdentity } from '@gauntlet/study'
import { sql } from 'drizzle-orm'
import { beforeAll, expect, it } from 'vitest'
import { fulfilExecution } from './fulfil-execution.ts'
import {
  artifactOf,
  attemptCalled,
  configurationWith,
  fulfilment,
  linf,
  studyOf,
  useLedger,
} from '../ledger.fixture.ts'
import { MeasurementUnknown } from './measurement-unknown.ts'
import { recordAttempt } from './record-attempt.ts'
import { recordMeasurement } from '../record-measurement.fixture.ts'
import { recordStudy } from '../studies/record-study.ts'
import { lineageFrom } from './lineage.ts'
import { traceMeasurement } from './trace-measurement.ts'

const ledger = useLedger()
const configuration = configurationWith(1)
const own = { configurationId: configurationId(configuration) }
const archive = artifactOf('dataset archive')
const weights = artifactOf('weights file')
const dataset = { manifest: artifactOf('manifest'), images: artifactOf('images') }
const outcomes = artifactOf('outcomes')
// The last parameters of fine-tuning and the checkpoint made of them are the same bytes.
const parameters = artifactOf('fine-tuned parameters')

let measured: string

/** The five stages of one configuration, with a lost attempt before the fine-tuning that succeeded. */
beforeAll(async () => {
  await recordStudy(ledger.db, studyOf('traced', [configuration], [linf]))
  const run = async (
    stage: StageIdentity['stage'],
    used: ArtifactsByRole,
    generated: ArtifactsByRole,
    shared = false,
  ) => {
    const report = fulfilment(stage, used, generated, shared ? {} : own)
    await fulfilExecution(ledger.db, report)
    return report
  }
  await run('prepare-dataset', { archive }, dataset, true)
  await run('pretrain-load', { weights }, { parameters: artifactOf('pretrained') }, true)
  const training = { ...dataset, pretrained: artifactOf('pretrained') }
  const lost = attemptCalled('lost', { startedAt: '2025-01-01T00:00:00.000Z', endedAt: null })
  await recordAttempt(ledger.db, {
    ...fulfilment('fine-tune', training, {}, own),
    attempt: lost,
    failure: { class: 'WorkerLost', message: 'gone' },
  })
  await run('fine-tune', training, { parameters })
  await run('checkpoint', { parameters }, { checkpoint: parameters })
  const evaluation = await run('perturb-and-evaluate', { ...dataset, checkpoint: parameters }, { outcomes })
  measured = await recordMeasurement(ledger.db, {
    ...own,
    perturbation: linf,
    stageKey: evaluation.key,
    outcomesDigest: outcomes.digest,
    correct: 9,
    total: 40,
  })
})

it('gives every execution and every artifact that a number came from', async () => {
  const trace = await traceMeasurement(ledger.db, measured)
  expect(trace.measurement).toMatchObject({
    id: measured,
    correct: 9,
    total: 40,
    evaluator: 'apgd-ce-10',
    configuration,
    perturbation: linf,
  })
  expect(trace.executions.map(({ stage }) => stage)).toEqual([
    'perturb-and-evaluate',
    'checkpoint',
    'fine-tune',
    'pretrain-load',
    'prepare-dataset',
  ])
  const [evaluation, checkpoint, training] = trace.executions
  expect(evaluation).toMatchObject({ used: { ...dataset, checkpoint: parameters }, generated: { outcomes } })
  expect(evaluation).toMatchObject({ codeDigest: digestOf('code'), environment: { cores: 2 }, seed: 1, ...own })
  expect(checkpoint).toMatchObject({ used: { parameters }, generated: { checkpoint: parameters } })
  expect(
    training!.attempts.map(({ worker, device, outcome, failureClass }) => [worker, device, outcome, failureClass]),
  ).toEqual([
    ['worker-1', 'cpu', 'failed', 'WorkerLost'],
    ['worker-1', 'cpu', 'fulfilled', null],
  ])
  expect(training!.attempts[1]).toMatchObject({
    endedAt: '2026-01-01T00:00:10.000Z',
    details: { sourceRevision: 'abc', dirty: false },
  })
  expect(trace.sources).toEqual([
    { stage: 'pretrain-load', role: 'weights', artifact: weights },
    { stage: 'prepare-dataset', role: 'archive', artifact: archive },
  ])
})

it('does not take an execution for the producer of bytes that were used before it', async () => {
  const later = fulfilment('prepare-dataset', { archive }, dataset, {
    parameters: 'another way to the same bytes, found later',
  })
  await fulfilExecution(ledger.db, later)
  const trace = await traceMeasurement(ledger.db, measured)
  expect(trace.executions.map(({ stageKey }) => stageKey)).not.toContain(later.key)
})

it('refuses the id of no measurement', async () => {
  await expect(traceMeasurement(ledger.db, digestOf('no measurement'))).rejects.toBeInstanceOf(MeasurementUnknown)
})

it('finds the lineage of one number among 20,000 by indexes alone', async () => {
  await seedConfigurations(4000)
  for (const table of ['measurement', 'execution', 'execution_artifact', 'artifact'])
    await ledger.db.execute(sql.raw(`analyze ${table}`))
  const [some] = (
    await ledger.db.execute<{ id: string; key: string }>(
      sql`select id, stage_key as key from measurement offset 12345 limit 1`,
    )
  ).rows
  const explained = await ledger.db.execute(sql`explain (format json) ${lineageFrom([some!.key])}`)
  const nodes = JSON.stringify(explained.rows).match(/"Node Type":"[^"]+"/g)!
  expect(nodes.filter((node) => /Seq Scan/.test(node))).toEqual([])
  expect((await traceMeasurement(ledger.db, some!.id)).executions.map(({ stage }) => stage)).toEqual([
    'perturb-and-evaluate',
    'fine-tune',
    'prepare-dataset',
    'prepare-dataset', // both ways to the same manifest were there when it was used
  ])
})

/**
 * Makes configurations that were fine-tuned on one dataset and evaluated under five perturbations. Postgres itself
 * writes the rows, which takes seconds.
 */
async function seedConfigurations(count: number): Promise<void> {
  const digest = (text: string) => `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')`
  const trained = digest(`'fine-tune ' || i`)
  const evaluated = digest(`'evaluate ' || i || ' ' || j`)
  const grid = `generate_series(1, ${count}) i, generate_series(1, 5) j`
  const execution = (key: string, stage: string) =>
    `select ${key}, '${stage}', '{}'::jsonb, 1, ${digest(`'code'`)}, class, '{}'::jsonb, 'fulfilled', now() from environment`
  const executionColumns =
    'stage_key, stage, parameters, seed, code_digest, environment_class, inputs, state, fulfilled_at'
  for (const statement of [
    `insert into configuration select ${digest('i::text')}, 'd', 'b', 'l', 'p', 1, '{}' from generate_series(1, ${count}) i`,
    `insert into perturbation select ${digest(`'p' || j`)}, 'p' || j, null, 'e', '{}' from generate_series(1, 5) j`,
    `insert into artifact (digest, size, media_type) select ${digest(`'checkpoint ' || i`)}, 1, 'x' from generate_series(1, ${count}) i`,
    `insert into artifact (digest, size, media_type) select ${digest(`'outcomes ' || i || ' ' || j`)}, 1, 'x' from ${grid}`,
    `insert into execution (${executionColumns}) ${execution(trained, 'fine-tune')}, generate_series(1, ${count}) i`,
    `insert into execution (${executionColumns}) ${execution(evaluated, 'perturb-and-evaluate')}, ${grid}`,
    `insert into execution_artifact select ${trained}, 'used', 'manifest', '${dataset.manifest.digest}' from generate_series(1, ${count}) i`,
    `insert into execution_artifact select ${trained}, 'generated', 'parameters', ${digest(`'checkpoint ' || i`)} from generate_series(1, ${count}) i`,
    `insert into execution_artifact select ${evaluated}, 'used', 'checkpoint', ${digest(`'checkpoint ' || i`)} from ${grid}`,
    `insert into execution_artifact select ${evaluated}, 'used', 'manifest', '${dataset.manifest.digest}' from ${grid}`,
    `insert into execution_artifact select ${evaluated}, 'generated', 'outcomes', ${digest(`'outcomes ' || i || ' ' || j`)} from ${grid}`,
    `insert into measurement select ${digest(`'m' || i || ' ' || j`)}, ${digest('i::text')}, ${digest(`'p' || j`)}, ${evaluated},
       ${digest(`'outcomes ' || i || ' ' || j`)}, 'e', 1, 2 from ${grid}`,
  ]) {
    await ledger.db.execute(sql.raw(statement))
  }
}
