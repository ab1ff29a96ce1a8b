import { configurationId } from '@gauntlet/study'
import { beforeAll, expect, it } from 'vitest'
import { attemptCosts } from '../executions/attempt-costs.ts'
import { findStudy } from './find-study.ts'
import { fulfilExecution } from '../executions/fulfil-execution.ts'
import {
  artifactOf,
  attemptCalled,
  configurationWith,
  fulfilment,
  linf,
  studyOf,
  useLedger,
} from '../ledger.fixture.ts'
import { listStudies } from './list-studies.ts'
import { recordAttempt } from '../executions/record-attempt.ts'
import { recordMeasurement } from '../record-measurement.fixture.ts'
import { recordStudy } from './record-study.ts'
import { searchLedger } from './search-ledger.ts'
import { annotateStudy, readAnnotations } from './study-annotations.ts'
import { StudyUnknown } from './study-unknown.ts'

const ledger = useLedger()
const [first, second] = [configurationWith(1), configurationWith(2, 'resnet50.a1_in1k')]
const [large, small] = [studyOf('large', [first, second]), studyOf('100% small_er', [second])]
const outcomes = artifactOf('outcomes')
const evaluation = fulfilment('perturb-and-evaluate', {}, { outcomes }, { configurationId: configurationId(second) })
let measurement: string

beforeAll(async () => {
  await recordStudy(ledger.db, large)
  await recordStudy(ledger.db, small)
  const lost = { attempt: attemptCalled('lost'), failure: { class: 'WorkerLost', message: 'gone' } }
  await recordAttempt(ledger.db, { ...evaluation, ...lost })
  await fulfilExecution(ledger.db, evaluation)
  measurement = await recordMeasurement(ledger.db, {
    configurationId: configurationId(second),
    perturbation: linf,
    stageKey: evaluation.key,
    outcomesDigest: outcomes.digest,
    correct: 3,
    total: 4,
  })
})

it('lists studies, the latest first, with the cells that have a number', async () => {
  const { studies, total } = await listStudies(ledger.db)
  expect(total).toBe(2)
  expect(studies).toMatchObject([
    { id: small.id, configurations: 1, perturbations: 2, numbers: 1, description: null },
    { id: large.id, configurations: 2, perturbations: 2, numbers: 1, lastNumberAt: expect.any(Date) },
  ])
})

it('says how many studies there are, or have a text, beside those that it lists', async () => {
  const named = async (text: string, limit?: number) => {
    const { total, studies } = await listStudies(ledger.db, { text, limit })
    return [total, ...studies.map(({ name }) => name)]
  }
  expect(await named('A', 1)).toEqual([2, small.name])
  expect(await named('LARGE', 1)).toEqual([1, large.name])
  expect(await named('0% s')).toEqual([1, small.name])
  expect(await named(large.id.slice(0, 12))).toEqual([1, large.name])
  expect(await named("'; drop table study; --")).toEqual([0])
  const { total, studies } = await listStudies(ledger.db, { name: small.name })
  expect([total, studies.map(({ id }) => id)]).toEqual([1, [small.id]])
  expect((await listStudies(ledger.db, { name: small.name.slice(1) })).total).toBe(0)
})

it('has what people write about a study: what its file says, and what was written after that', async () => {
  const [of] = [large.id]
  const extended = studyOf('extended', [first])
  const said = { owner: 'Ada', labels: ['paper', "x'; drop table study; --"], notes: '<b>50 %_</b>' }
  await recordStudy(ledger.db, { ...extended, annotations: said, extends: of })
  await recordStudy(ledger.db, extended)
  expect(await readAnnotations(ledger.db, extended.id)).toEqual({ ...said, extends: of })
  await annotateStudy(ledger.db, extended.id, { owner: '', labels: ['thesis'] })
  expect(await readAnnotations(ledger.db, extended.id)).toEqual({
    ...said,
    owner: null,
    labels: ['thesis'],
    extends: of,
  })
  expect((await listStudies(ledger.db)).studies[0]).toMatchObject({
    owner: null,
    labels: ['thesis'],
    notes: said.notes,
  })
  const named = async (text: string) => (await searchLedger(ledger.db, text)).map(({ kind, name }) => `${kind} ${name}`)
  expect(await named('HESIS')).toEqual(['study extended'])
  expect(await named('50 %_<')).toEqual(['study extended'])
  expect(await named('paper')).toEqual([])
  expect(await readAnnotations(ledger.db, small.id)).toEqual({ owner: null, labels: [], notes: null, extends: null })
})

it('adds up what the attempts of a study have taken, by stage and outcome', async () => {
  expect(await attemptCosts(ledger.db, large.id)).toEqual([
    { stage: 'perturb-and-evaluate', outcome: 'failed', attempts: 1, seconds: 10 },
    { stage: 'perturb-and-evaluate', outcome: 'fulfilled', attempts: 1, seconds: 10 },
  ])
})

it('knows a study by the beginning of its id, where that is long enough and of one study', async () => {
  expect(await findStudy(ledger.db, small.id.slice(0, 8))).toMatchObject({ id: small.id })
  for (const unknown of [small.id.slice(0, 7), 'zzzzzzzz', `${'0'.repeat(63)}z`, '%%%%%%%%'])
    await expect(findStudy(ledger.db, unknown)).rejects.toBeInstanceOf(StudyUnknown)
})

it('finds studies, datasets and backbones by a part of their names, whatever characters that has', async () => {
  const named = async (text: string) => (await searchLedger(ledger.db, text)).map(({ kind, name }) => `${kind} ${name}`)
  expect(await named('SMALL')).toEqual(['study 100% small_er'])
  expect(await named('0% s')).toEqual(['study 100% small_er'])
  expect(await named('l_er')).toEqual(['study 100% small_er'])
  expect(await named('large_')).toEqual([])
  expect(new Set(await named('resnet'))).toEqual(new Set(['backbone resnet50.a1_in1k']))
  expect(await named("'; drop table study; --")).toEqual([])
})

it('finds what a digest begins with, with the place in the table of each study', async () => {
  const hits = async (digest: string) => searchLedger(ledger.db, digest.slice(0, 12))
  expect(await hits(large.id)).toMatchObject([{ kind: 'study', name: 'large', row: null }])
  const configuration = await hits(configurationId(second))
  expect(configuration).toMatchObject([{ kind: 'configuration' }, { kind: 'configuration' }])
  expect(new Map(configuration.map(({ studyName, row }) => [studyName, row]))).toEqual(
    new Map([
      ['large', 3],
      ['100% small_er', 1],
    ]),
  )
  const rows = new Map((await hits(measurement)).map(({ studyName, row }) => [studyName, row]))
  expect(rows.get('large')).toBe(4)
  expect(await hits(evaluation.key)).toContainEqual(
    expect.objectContaining({ kind: 'stage', name: 'perturb-and-evaluate', studyName: 'large', row: 3 }),
  )
  expect(await hits(outcomes.digest)).toContainEqual(
    expect.objectContaining({ kind: 'artifact', name: 'outcomes of perturb-and-evaluate' }),
  )
  expect(await searchLedger(ledger.db, measurement.slice(0, 5))).toEqual([])
})
