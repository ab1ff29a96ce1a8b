import { openArtifactStore } from '@gauntlet/artifacts'
import { recordWholeStudy } from '@gauntlet/ledger-worker/fixtures/recorded-study'
import { findStudy } from '@gauntlet/ledger'
import { useLedger } from '@gauntlet/ledger/fixtures/ledger'
import { configurationId, expandStudy, parseStudy } from '@gauntlet/study'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { diffNumbers } from './diff-numbers.ts'
import { DiffSubjectUnknown, readSide, type DiffNumber } from './diff-side.ts'

const ledger = useLedger()
const folder = mkdtempSync(join(tmpdir(), 'gauntlet-diff-'))
afterAll(() => rmSync(folder, { recursive: true }))
const store = openArtifactStore(pathToFileURL(folder).href)

function studyText(name: string, losses: string, epsilon: string, effectiveBatch = 64): string {
  return [
    `name: ${name}`,
    'datasets: [digits]',
    'backbones: [tf_efficientnet_lite0.in1k]',
    `losses: [${losses}]`,
    'protocols: [FFT-1]',
    `perturbations: [clean, { name: Linf, epsilon: ${epsilon} }]`,
    'evaluator: apgd-ce',
    `hyperparameters: { effectiveBatch: ${effectiveBatch}, microBatch: 8 }`,
  ].join('\n')
}

beforeAll(async () => {
  const record = (text: string, precision = 'float32') =>
    recordWholeStudy(ledger.db, store, { text, images: 30, environment: { precision } })
  await record(studyText('before', 'Classic AT, TRADES', '4/255'))
  await record(studyText('after', 'Classic AT, standard', '8/255', 32), 'bfloat16')
})

const diff = async (first: string, second: string) =>
  diffNumbers(ledger.db, store, await readSide(ledger.db, first), await readSide(ledger.db, second))

it('pairs the cells of two studies, and names the first input that differs', async () => {
  const { pairs, onlyFirst, onlySecond } = await diff('before', 'after')
  expect(pairs.map(({ first, second }) => [first.row, second.row])).toEqual([
    [1, 1],
    [2, 2],
  ])
  expect(onlyFirst.map(({ row }) => row)).toEqual([3, 4])
  expect(onlySecond.map(({ row }) => row)).toEqual([3, 4])
  const [clean, linf] = pairs
  expect(clean!.differences[0]).toEqual({
    stage: 'fine-tune',
    what: 'environment.precision',
    recorded: 'float32',
    planned: 'bfloat16',
  })
  expect(clean!.differences.map(({ what }) => what)).not.toContain('input.checkpoint')
  expect(linf!.differences.at(-1)).toMatchObject({ what: 'parameters.perturbation.epsilon', planned: 8 / 255 })
})

it('counts what each image did in two numbers', async () => {
  const [pair] = (await diff('before:1', 'after:1')).pairs
  const { bothHeld, onlyFirst, onlySecond, neither } = pair!.images!
  expect(bothHeld + onlyFirst + onlySecond + neither).toBe(30)
  expect(bothHeld + onlyFirst).toBe(pair!.first.correct)
  expect(bothHeld + onlySecond).toBe(pair!.second.correct)
})

it('compares configurations by their ids, whatever they are called', async () => {
  const [classic, trades] = [await readSide(ledger.db, 'before:1'), await readSide(ledger.db, 'before:3')]
  const ids = [classic, trades].map(({ numbers }) => numbers[0]!.measurementId)
  const { pairs } = await diff(ids[0]!, ids[1]!)
  expect(pairs[0]!.differences.map(({ stage, what }) => `${stage} ${what}`)).toContain('fine-tune parameters.loss')
  expect((await diff('before', 'before')).pairs.every(({ differences }) => differences.length === 0)).toBe(true)
})

it('says that a row has no number', async () => {
  await expect(readSide(ledger.db, 'before:9')).rejects.toThrow(DiffSubjectUnknown)
})

it('tells what a name stands for, also an id of a study, which looks as others do', async () => {
  const [{ measurementId }] = (await readSide(ledger.db, 'before:1')).numbers as [DiffNumber]
  const { id } = await findStudy(ledger.db, 'before')
  const study = parseStudy(studyText('before', 'TRADES', '4/255'), 'before.study.yaml')
  const configuration = configurationId(expandStudy(study).configurations[0]!)
  const kinds = await Promise.all(
    ['before', id, id.slice(0, 8), 'before:1', configuration.slice(0, 12), measurementId].map(
      async (name) => (await readSide(ledger.db, name)).kind,
    ),
  )
  expect(kinds).toEqual(['study', 'study', 'study', 'row', 'configuration', 'measurement'])
})
