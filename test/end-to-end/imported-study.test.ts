import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { analyze, rank, type ProtocolAnalysis } from '@gauntlet/analysis'
import { publishedRows } from '@gauntlet/analysis/fixtures/published'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { GauntletHome } from './gauntlet-home.fixture.ts'

/* The database of the paper is imported once, and read by the commands that make claims of numbers. */

const home = new GauntletHome()
const minutes = 60_000
const paper = join(
  dirname(fileURLToPath(import.meta.resolve('@gauntlet/study'))),
  '../studies/published/measurements.csv',
)

interface Imported {
  readonly isNew: boolean
  readonly rows: number
  readonly numbers: number
  readonly defects: { readonly counts: Readonly<Record<string, number>>; readonly list: readonly unknown[] }
}
let imported: Imported

beforeAll(async () => {
  imported = await home.json<Imported>('import', paper, '--as', 'published')
}, 2 * minutes)
afterAll(() => home.remove(), minutes)

it('counts the defects of an imported table and lists them', () => {
  expect(imported).toMatchObject({ isNew: true, rows: 1440, numbers: 7200 })
  expect(imported.defects.counts).toMatchObject({ 'subset-of-images': 757, 'mixed-denominators': 412 })
  expect(imported.defects.list).toHaveLength(757 + 412 + 42 + 383 + 2 + 2)
})

it('ranks it as its rows are ranked', { timeout: minutes }, async () => {
  const ranking = await home.json<unknown[]>('rank', 'published', '--protocol', 'FFT-50', '--by', 'borda')
  expect(ranking).toEqual(rank(publishedRows, { protocol: 'FFT-50' }))
})

it('analyses it as its rows are analysed', { timeout: minutes }, async () => {
  const { protocols } = await home.json<{ protocols: Record<string, ProtocolAnalysis> }>('analyze', 'published')
  expect(protocols).toMatchObject(JSON.parse(JSON.stringify(analyze(publishedRows))))
})

it('refuses bad input in a sentence, and imports nothing of it', { timeout: minutes }, async () => {
  const table = join(home.folder, 'table.csv')
  writeFileSync(table, 'model;clean\na;0,5\n')
  const { code, stderr } = await home.run('import', table, '--as', 'bad')
  expect(code).toBe(2)
  expect(stderr.trim()).toBe(
    'Row 1 is separated by semicolons; save the table with commas between cells and points in numbers.',
  )
  const unknown = await home.run('rank', 'bad')
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('it holds published') })
})
