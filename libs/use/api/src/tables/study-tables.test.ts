import { sharedFolder } from '@gauntlet/files/fixtures/empty-folder'
import { useLedger } from '@gauntlet/ledger/fixtures/ledger'
import { beforeAll, expect, it } from 'vitest'
import { dependenciesOf } from '../api.fixture.ts'
import { simulateStudy, storeIn, type SimulatedStudy } from '../simulated-study.fixture.ts'
import type { StudyTable } from '../wire/study-table.ts'
import { StudyTables } from './study-tables.ts'
import { lackingPlaces, parseVersion, wireTable } from './wire-table.ts'

const ledger = useLedger()
const store = storeIn(sharedFolder())
let study: SimulatedStudy
beforeAll(async () => {
  study = await simulateStudy(ledger.db, store, { withPictures: 0 })
}, 60_000)

/** What somebody has of each configuration who takes in one answer after the other. */
class Reader {
  version: string | undefined
  unread = Infinity
  readonly states = new Map<number, string>()

  take({ version, unread, cells }: StudyTable): void {
    this.version = version
    this.unread = unread
    const width = cells.state.length / cells.positions.length
    const parts = [cells.state, cells.correct, cells.total]
    cells.positions.forEach((position, i) =>
      this.states.set(position, parts.map((part) => part.slice(i * width, (i + 1) * width).join()).join(' ')),
    )
  }
}

/** Asks as a page does: for the whole once, and then for what it lacks, until nothing is left to be read. */
async function readByParts(tables: StudyTables): Promise<Reader & { readonly answers: number }> {
  const reader = new Reader()
  let answers = 0
  for (; reader.unread > 0; answers++) {
    const table = await tables.readSoFar('simulated')
    const known = parseVersion(reader.version, table)
    reader.take(wireTable(table, known && lackingPlaces(table, known, [])))
  }
  return Object.assign(reader, { answers })
}

it('shows a table as far as it is read, and the rest to whoever asks again', async () => {
  const tables = new StudyTables(dependenciesOf(ledger.db, store), { partSize: 1, patience: 0 })
  const parts = await readByParts(tables)
  const whole = new Reader()
  whole.take(wireTable(await tables.read('simulated'), null))
  expect(parts.answers).toBeGreaterThan(2)
  expect(whole.states.size).toBe(study.configurations.length)
  expect(parts.states).toEqual(whole.states)
  expect(parts.version).toBe(whole.version)
})

it('tells a reader of a server that was started again every number anew', async () => {
  const dependencies = dependenciesOf(ledger.db, store)
  const before = new Reader()
  before.take(wireTable(await new StudyTables(dependencies).read('simulated'), null))
  const again = new StudyTables(dependencies, { partSize: 1, patience: 0 })
  const table = await again.readSoFar('simulated')
  expect(table.stages.length).toBeLessThan(study.configurations.length)
  const known = parseVersion(before.version, table)!
  expect(known.read).toBe(study.configurations.length)
  before.take(wireTable(table, lackingPlaces(table, known, [])))
  expect(before.unread).toBeGreaterThan(0)
  await again.read('simulated')
  const rest = parseVersion(before.version, table)!
  expect(lackingPlaces(table, rest, [0, 2])).toEqual([
    ...[0, 2].filter((place) => place < rest.read),
    ...Array.from({ length: study.configurations.length - rest.read }, (_, i) => rest.read + i),
  ])
})
