import { sql, type SQL } from 'drizzle-orm'
import { digestOf } from '@gauntlet/study'
import { beforeAll, expect, it } from 'vitest'
import { readImportedStudy } from './imported-study.ts'
import { kindOfStudy, StudyNameAmbiguous } from './kind-of-study.ts'
import { artifactOf, configurationWith, studyOf, useLedger } from '../ledger.fixture.ts'
import { recordImport, StudyNameTaken, type ClaimedRow, type ImportRecord } from './record-import.ts'
import { recordStudy } from './record-study.ts'
import { claimedNumber } from '../schema/index.ts'
import { studyEvidence } from './study-evidence.ts'
import { StudyUnknown } from './study-unknown.ts'

const ledger = useLedger()

const row = (number: number, changes: Partial<ClaimedRow> = {}): ClaimedRow => ({
  row: number,
  backbone: `backbone ${number}`,
  dataset: 'digits',
  loss: 'TRADES',
  protocol: 'FFT-5',
  seed: null,
  size: 'small',
  type: null,
  strategy: 'supervised',
  displayName: null,
  accuracies: { clean: 0.9, Linf: 1 / 3 },
  ...changes,
})

const record = (name: string, changes: Partial<ImportRecord> = {}): ImportRecord => ({
  name,
  fileName: 'table.csv',
  file: artifactOf(name),
  reading: { format: 'published' },
  perturbations: [
    { name: 'clean', column: 'clean_acc', epsilon: null, evaluator: 'argmax' },
    { name: 'Linf', column: 'Linf_acc', epsilon: 4 / 255, evaluator: null },
  ],
  rows: [row(2), row(3, { seed: 7, accuracies: { clean: 0, Linf: null } })],
  ...changes,
})

it('gives back every row of a table as it was imported, with what was missing', async () => {
  const table = record('whole')
  const { id, isNew } = await recordImport(ledger.db, table)
  expect(isNew).toBe(true)
  const read = await readImportedStudy(ledger.db, 'whole')
  const { rows, perturbations, reading, fileName, file } = table
  expect(read).toMatchObject({ id, name: 'whole', fileName, fileDigest: file.digest, reading, perturbations, rows })
  expect(await readImportedStudy(ledger.db, id)).toEqual(read)
  expect(await readImportedStudy(ledger.db, 'unheard-of')).toBeNull()
})

it('keeps the numbers of a table of thousands of rows exact', async () => {
  const rows = Array.from({ length: 2_500 }, (_, i) =>
    row(i + 2, { accuracies: { clean: i / 2_500, Linf: 1 / (i + 1) } }),
  )
  await recordImport(ledger.db, record('large', { rows }))
  expect((await readImportedStudy(ledger.db, 'large'))!.rows).toEqual(rows)
})

it('changes nothing when the same table is imported again, and reads the last one of a name', async () => {
  const [first, other] = [record('again'), record('again', { rows: [row(2)], file: artifactOf('other bytes') })]
  const { id } = await recordImport(ledger.db, first)
  await recordImport(ledger.db, other)
  expect((await readImportedStudy(ledger.db, 'again'))!.rows).toHaveLength(1)
  const before = await ledger.db.$count(claimedNumber)
  expect(await recordImport(ledger.db, first)).toEqual({ id, isNew: false })
  expect(await ledger.db.$count(claimedNumber)).toBe(before)
  expect((await readImportedStudy(ledger.db, 'again'))!.rows).toHaveLength(2)
})

it('imports one table once, however many do it at the same time', async () => {
  const results = await Promise.all(Array.from({ length: 4 }, () => recordImport(ledger.db, record('at once'))))
  expect(results.filter(({ isNew }) => isNew)).toHaveLength(1)
  expect((await readImportedStudy(ledger.db, 'at once'))!.rows).toHaveLength(2)
})

it('records nothing of a table that has a number out of range', async () => {
  const broken = record('broken', { rows: [row(2), row(3, { accuracies: { clean: 1.2, Linf: 0 } })] })
  await expect(recordImport(ledger.db, broken)).rejects.toMatchObject({
    cause: { constraint: 'claimed_number_accuracy_in_range' },
  })
  expect(await readImportedStudy(ledger.db, 'broken')).toBeNull()
})

it('tells claimed studies from measured ones, and refuses names that are both', async () => {
  const measured = studyOf('measured', [configurationWith(1)])
  await recordStudy(ledger.db, measured)
  const { id } = await recordImport(ledger.db, record('claimed'))
  expect(await kindOfStudy(ledger.db, 'measured')).toBe('measured')
  expect(await kindOfStudy(ledger.db, 'claimed')).toBe('claimed')
  expect(await kindOfStudy(ledger.db, id)).toBe('claimed')
  await expect(recordImport(ledger.db, record('measured'))).rejects.toBeInstanceOf(StudyNameTaken)
  await recordStudy(ledger.db, studyOf('claimed', [configurationWith(2)]))
  await expect(kindOfStudy(ledger.db, 'claimed')).rejects.toThrow(StudyNameAmbiguous)
  await expect(kindOfStudy(ledger.db, 'claimed')).rejects.toThrow(id)
})

it('lists imported studies among those that it knows', async () => {
  await recordImport(ledger.db, record('a table'))
  for (const ask of [kindOfStudy, studyEvidence]) {
    const error: unknown = await ask(ledger.db, 'nowhere').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(StudyUnknown)
    expect(String(error)).toMatch(/it holds a table, /)
  }
})

it('says of an imported study that it has claimed numbers alone, where those of a run are asked for', async () => {
  await recordImport(ledger.db, record('claims'))
  await expect(studyEvidence(ledger.db, 'claims')).rejects.toThrow(
    'claims is an imported table of claimed numbers; read it with npx gauntlet rank',
  )
})

const absent = digestOf('nothing has this digest')
beforeAll(async () => void (await recordImport(ledger.db, record('constraints'))))

it.each<[string, string, SQL]>([
  ['a claim above 1', 'claimed_number_accuracy_in_range', sql`update claimed_number set accuracy = 1.2`],
  ['a claim that is not a number', 'claimed_number_accuracy_in_range', sql`update claimed_number set accuracy = 'NaN'`],
  ['a claim of no row', 'claimed_number_of_row', sql`update claimed_number set row = 100000 where row = 3`],
  ['row 0', 'claimed_configuration_row_from_one', sql`update claimed_configuration set row = 0`],
  ['rows of no table', 'claimed_configuration_study_id', sql`update claimed_configuration set study_id = ${absent}`],
  ['a table of no file', 'imported_study_file_digest', sql`update imported_study set file_digest = ${absent}`],
  [
    'a second row of the same configuration',
    'claimed_configuration_once',
    sql`insert into claimed_configuration
      select study_id, row + 100, backbone, dataset, loss, protocol, seed from claimed_configuration`,
  ],
])('refuses %s', async (_, constraint, statement) => {
  const error: unknown = await ledger.db.execute(statement).then(
    () => 'accepted',
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ cause: { constraint: expect.stringContaining(constraint) } })
})
