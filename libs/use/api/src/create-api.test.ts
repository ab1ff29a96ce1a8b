import { readResults } from '@gauntlet/client'
import { plan, progressEnvelope, progressPointer } from '@gauntlet/contract'
import { knownStages, recordStudy, traceMeasurement } from '@gauntlet/ledger'
import { configurationWith, studyOf, useLedger } from '@gauntlet/ledger/fixtures/ledger'
import type { Digest } from '@gauntlet/study'
import { Validator } from '@seriousme/openapi-schema-validator'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { apiOf, ask, dependenciesOf } from './api.fixture.ts'
import type { ApiDependencies } from './dependencies.ts'
import { simulateStudy, storeIn, type SimulatedStudy } from './simulated-study.fixture.ts'
import type {
  Cell,
  Check,
  Curves,
  ImageOutcome,
  Pictures,
  SearchHit,
  StudyList,
  StudyNow,
  StudyTable,
  Trace,
} from './wire/index.ts'

const ledger = useLedger()
const folder = mkdtempSync(join(tmpdir(), 'gauntlet-api-'))
const store = storeIn(folder)
let study: SimulatedStudy
let dependencies: ApiDependencies

beforeAll(async () => {
  study = await simulateStudy(ledger.db, store, { backbones: 2, datasets: 1, done: 0.5 })
  dependencies = dependenciesOf(ledger.db, store)
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const get = <Answer>(path: string) => ask<Answer>(apiOf(dependencies), `/api/studies/simulated${path}`)

it('describes itself as OpenAPI, and the description is valid', async () => {
  const { answer } = await ask<{ paths: object }>(apiOf(dependencies), '/api/openapi.json')
  const { valid, errors } = await new Validator().validate(answer)
  expect(errors).toBeUndefined()
  expect(valid).toBe(true)
  expect(Object.keys(answer.paths).length).toBeGreaterThan(12)
})

it('has the table of gauntlet results, cell by cell', async () => {
  const { answer } = await get<StudyTable>('/table')
  const { rows, missing } = await readResults(ledger.db, 'simulated', () => Promise.resolve(study.worker))
  expect(answer.cells.total.filter((total) => total > 0)).toHaveLength(rows.length)
  expect(rows.length).toBeGreaterThan(20)
  for (const { row, correct, total } of rows)
    expect([answer.cells.correct[row - 1], answer.cells.total[row - 1]]).toEqual([correct, total])
  for (const { row } of missing) expect(answer.cells.total[row - 1]).toBe(0)
  expect(answer.cells.failures[missing[0]!.row]).toMatchObject({ failureClass: expect.any(String) })
  const { answer: listed } = await get<{ row: number; accuracy: number }[]>('/measurements?offset=3&limit=2')
  expect(listed.map(({ row, accuracy }) => [row, accuracy])).toEqual(
    rows.slice(3, 5).map(({ row, accuracy }) => [row, accuracy]),
  )
})

it('lists the studies of a name alone, and as many as are asked for', async () => {
  const list = (query: string) => ask<StudyList>(apiOf(dependencies), `/api/studies?${query}`)
  const { answer } = await list('name=simulated&limit=1')
  expect([answer.total, answer.studies.map(({ id }) => id)]).toEqual([1, [study.id]])
  expect((await list('name=simulate')).answer).toEqual({ total: 0, studies: [] })
  for (const query of ['limit=0', 'limit=201', 'name=', 'name=%00']) expect((await list(query)).status).toBe(400)
})

it('answers a reader of an earlier version with what changed since, and any other with the whole table', async () => {
  const { answer: before } = await get<StudyTable>('/table')
  const { answer: same } = await get<StudyTable>(`/table?after=${before.version}`)
  expect([same.grid, same.cells.positions]).toEqual([null, []])
  const place = study.configurations.length - 1
  await study.measure(place, place + 1)
  const { answer: changed } = await get<StudyTable>(`/table?after=${before.version}`)
  expect(changed.cells.positions).toEqual([place])
  expect(changed.cells.total.every((total) => total > 0)).toBe(true)
  for (const version of ['', 'nonsense', '1-2', `99999999999-${before.version.split('-')[1]}`])
    expect((await get<StudyTable>(`/table?after=${version}`)).answer.grid).not.toBeNull()
})

it('answers 304 where nothing has changed', async () => {
  const first = await get('/table')
  const again = await ask(apiOf(dependencies), '/api/studies/simulated/table', {
    headers: { 'if-none-match': first.headers.get('etag')! },
  })
  expect(again.status).toBe(304)
})

it('goes from a cell to its lineage, its outcomes, and the pictures that felled the model', async () => {
  const { answer: cell } = await get<Cell>('/cells/2')
  const { id, hasPictures } = cell.measurement!
  expect([hasPictures, cell.perturbation]).toEqual([true, 'Linf 4/255 (apgd-ce-10)'])
  const { answer: trace } = await get<Trace>(`/measurements/${id}/trace`)
  expect(trace).toEqual(JSON.parse(JSON.stringify(await traceMeasurement(ledger.db, id as never))))
  const { answer: pictures } = await get<Pictures>(`/measurements/${id}/pictures`)
  expect(pictures.pictures.map(({ index, felledBy }) => [index, felledBy])).toEqual(
    [3, 4, 5, 6, 7].map((index) => [index, 'apgd-ce']),
  )
  for (const kind of ['clean', 'perturbed', 'difference']) {
    const { status, headers, answer } = await get<string>(`/measurements/${id}/pictures/3/${kind}`)
    expect([status, headers.get('content-type')]).toEqual([200, 'image/png'])
    expect(answer.slice(1, 4)).toBe('PNG')
  }
  expect((await get(`/measurements/${id}/pictures/0/clean`)).status).toBe(404)
  const { answer: across } = await get<ImageOutcome[]>(`/measurements/${id}/images/${pictures.pictures[0]!.image}`)
  expect(across.length).toBeGreaterThan(1)
  expect(across.every(({ row, held }) => (row - 2) % 5 === 0 && !held)).toBe(true)
  const arrow = await get<string>(`/measurements/${id}/outcomes`)
  expect([arrow.status, arrow.answer.slice(0, 6)]).toEqual([200, 'ARROW1'])
})

it('checks the bytes behind a number, and finds one that is damaged or lost', async () => {
  const { answer: cell } = await get<Cell>('/cells/3')
  const { id } = cell.measurement!
  const { answer } = await get<Check>(`/measurements/${id}/check`)
  expect(answer.recounted).toEqual({ correct: 3, total: 8 })
  // Of a simulated study, the evaluations alone have their bytes.
  expect(answer.artifacts.find(({ role }) => role.startsWith('outcomes'))!.state).toBe('intact')
  expect(answer.holds).toBe(false)
  expect(answer.verdict).toContain('missing; npx gauntlet run makes them again')
})

it('has the curves of trainings that ended, and says of others that they have not', async () => {
  const { answer } = await get<Curves>(`/curves?configurations=0,1,${study.configurations.length - 2}`)
  expect(answer.curves.map(({ epochs }) => epochs?.length ?? null)).toEqual([12, 12, null])
  expect(answer.curves.map(({ reason }) => reason)).toEqual([null, null, 'The training has not ended.'])
  // The simulation stores no other history, so the store has lost this one.
  const { answer: lost } = await get<Curves>('/curves?configurations=0,2')
  expect(lost.curves.map(({ epochs }) => epochs?.length ?? null)).toEqual([12, null])
  expect(lost.curves[1]!.reason).toMatch(/is not in/)
  expect((await get(`/curves?configurations=${Array.from({ length: 61 }, (_, i) => i).join()}`)).status).toBe(400)
})

it('has the epochs so far of a training that has saved a state in its midst', async () => {
  const place = study.configurations.length - 2
  const recall = (keys: readonly Digest[]) => knownStages(ledger.db, keys)
  const stages = await plan([study.configurations[place]!], [], study.worker, recall)
  const key = stages.find(({ stage }) => stage === 'fine-tune')!.stageKey!
  const history = Array.from({ length: 12 }, (_, i) => ({
    epoch: i + 1,
    learningRates: { backbone: 1e-3, head: 5e-3 },
    training: { images: 8, loss: 2 / (1 + i), cleanCorrect: null, adversarialCorrect: i },
    validation: null,
  }))
  const state = (epochs: number) => {
    const weights = Buffer.alloc(40)
    const position = Buffer.from(JSON.stringify({ epoch: epochs, history: history.slice(0, epochs) }))
    const offsets = [weights.length, weights.length + position.length]
    const header = Buffer.from(JSON.stringify({ position: { dtype: 'U8', shape: [1], data_offsets: offsets } }))
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(header.length))
    return Buffer.concat([length, header, weights, position])
  }
  const save = async (bytes: Uint8Array) => {
    const { digest } = await store.put(Buffer.concat([progressEnvelope(key), bytes]), 'application/octet-stream')
    await store.writePointer(progressPointer(key), digest)
    return (await get<Curves>(`/curves?configurations=${place}`)).answer.curves[0]!
  }
  const { epochs, ...training } = await save(state(5))
  expect(epochs!.map(({ epoch, trainingLoss }) => [epoch, trainingLoss])).toEqual(
    history.slice(0, 5).map(({ epoch, training: { loss } }) => [epoch, loss]),
  )
  expect(training).toMatchObject({ hasEnded: false, reason: null })
  for (const damaged of [
    state(5).subarray(0, 30),
    state(5).subarray(0, -1),
    new Uint8Array(),
    new Uint8Array(9).fill(255),
  ])
    expect(await save(damaged)).toMatchObject({ epochs: null, reason: 'The training has not ended.' })
})

it('groups failures by what they have in common, and counts the cells', async () => {
  const { answer } = await get<StudyNow>('/now')
  expect(answer.failures.map(({ failureClass, cells }) => [failureClass, cells]).sort()).toEqual([
    ['Bug', 5],
    ['Diverged', 5],
  ])
  expect(answer.cells.total).toBe(study.configurations.length * 5)
  expect(answer.spent).toContainEqual({ stage: 'fine-tune', outcome: 'fulfilled', attempts: 7, seconds: 70 })
})

it('finds studies, backbones and digests', async () => {
  const search = async (text: string) =>
    (await ask<SearchHit[]>(apiOf(dependencies), `/api/search?q=${text}`)).answer.map(({ kind, row }) => [kind, row])
  expect(await search('simul')).toEqual([['study', null]])
  expect(await search(study.id.slice(0, 10))).toEqual([['study', null]])
  const { answer: cell } = await get<Cell>('/cells/4')
  expect(await search(cell.measurement!.id.slice(0, 16))).toEqual([['measurement', 4]])
})

it('refuses what no ledger can hold before it asks one', async () => {
  for (const path of ['/api/search?q=%00', '/api/studies/a%00b/table'])
    expect(await ask(apiOf(dependencies), path)).toMatchObject({
      status: 400,
      answer: { error: expect.stringContaining('a text without the character 0') },
    })
})

it("gives no other study's numbers, although it knows them", async () => {
  await simulateStudy(ledger.db, store, { name: 'other', backbones: 1, datasets: 2, done: 0 })
  const { answer: cell } = await get<Cell>(`/cells/${5 * study.configurations.length - 3}`)
  const path = `/api/studies/other/measurements/${cell.measurement!.id}`
  for (const part of ['trace', 'check', 'outcomes', 'pictures', 'pictures/3/clean'])
    expect((await ask(apiOf(dependencies), `${path}/${part}`)).status).toBe(404)
})

it('says that no pool has described itself, where a table cannot be made', async () => {
  await recordStudy(ledger.db, studyOf('undescribed', [configurationWith(77)]))
  const { status, answer } = await ask(apiOf(dependencies), '/api/studies/undescribed/table')
  expect([status, answer]).toEqual([503, { error: 'No pool has described itself.' }])
})

it('does an action through the function it was given, once for each press, and none where it is read-only', async () => {
  const run = vi.fn<(studyId: string) => Promise<string>>(() => Promise.resolve('The study runs.'))
  const actions = { retry: { sentence: 'Tries again what failed', run } }
  const press = (app: ReturnType<typeof apiOf>, headers: Record<string, string> = {}, action = 'retry') =>
    ask(app, `/api/studies/simulated/actions/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{}',
    })
  const app = apiOf({ ...dependencies, actions })
  expect(await press(app)).toMatchObject({ status: 200, answer: { sentence: 'The study runs.' } })
  expect(run).toHaveBeenCalledWith(study.id)
  expect((await press(app, {}, 'constructor')).status).toBe(404)
  expect((await press(app, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
  expect((await press(app, { origin: 'https://elsewhere.example' })).status).toBe(403)
  expect((await press(app, { 'content-type': 'text/plain' })).status).toBe(415)
  expect((await press(apiOf({ ...dependencies, actions, readOnly: true }))).status).toBe(403)
  expect(run).toHaveBeenCalledTimes(1)
})

it('says in a sentence when it cannot read what is stored, and when it does not know why', async () => {
  const { answer: cell } = await get<Cell>('/cells/2')
  const trace = await traceMeasurement(ledger.db, cell.measurement!.id as never)
  const { outcomesDigest } = trace.measurement
  const damaged = storeIn(mkdtempSync(join(folder, 'empty-')))
  const lost = await ask(
    apiOf({ ...dependencies, store: damaged }),
    `/api/studies/simulated/measurements/${cell.measurement!.id}/outcomes`,
  )
  expect([lost.status, JSON.stringify(lost.answer)]).toEqual([
    404,
    expect.stringContaining(outcomesDigest.slice(0, 12)),
  ])
  const onBug = vi.fn<(error: unknown) => void>()
  const broken = { ...dependencies, snapshot: () => Promise.reject(new Error('secret of the machine')) }
  const { status, answer } = await ask(apiOf(broken, { onBug }), '/api/studies/simulated/now')
  expect([status, onBug.mock.calls.length]).toEqual([500, 1])
  expect(JSON.stringify(answer)).not.toContain('secret')
})

it('tells two studies of one name apart, in versions of tables and in commands', async () => {
  const older = (path: string) => ask<never>(apiOf(dependencies), `/api/studies/${study.id}${path}`)
  const { version } = (await get<StudyTable>('/table')).answer
  expect((await get<Cell>('/cells/2')).answer.commands[0]!.command).toBe('npx gauntlet trace simulated 2')
  await recordStudy(ledger.db, studyOf('simulated', study.configurations.slice(0, 1)))
  expect((await get<StudyTable>(`/table?after=${version}`)).answer.grid).toMatchObject({ name: 'simulated' })
  expect((await older(`/table?after=${version}`)).answer).toMatchObject({ grid: null })
  const { commands } = (await older('/cells/2')).answer as Cell
  expect(commands[0]!.command).toBe(`npx gauntlet trace ${study.id.slice(0, 12)} 2`)
})
