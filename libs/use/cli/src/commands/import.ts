import { defectCounts, readPublished, type Defect, type PublishedNumbers, type PublishedRow } from '@gauntlet/analysis'
import { importStudy, isArchive } from '@gauntlet/exchange'
import { recordImport, type ClaimedRow } from '@gauntlet/ledger'
import type { Json } from '@gauntlet/study'
import type { Command } from 'commander'
import { stat } from 'node:fs/promises'
import { Misuse } from '../command-failed.ts'
import { readPublicKey } from '../read/key-files.ts'
import { withLedger } from '../stack/local-ledger.ts'
import { readMapping, readPublishedFiles } from '../read/published-files.ts'
import { count } from '../print/count.ts'

interface ImportOptions {
  readonly as?: string
  readonly mapping?: string
  readonly publicKey?: string
  readonly expect?: string
  readonly json?: boolean
}

export function addImport(program: Command): void {
  program
    .command('import')
    .description(
      'import a study that npx gauntlet export wrote, or published numbers as a study whose evidence is claimed',
    )
    .argument('<file>', "an export, a CSV file, an entry of RobustBench's model_info, or a folder of such entries")
    .option('--as <name>', 'the name of the study, for published numbers')
    .option('--mapping <file>', 'JSON that says where the CSV keeps what; the database of the paper needs none')
    .option('--public-key <file>', 'for an export: the key that must have signed its seal')
    .option('--expect <digest>', 'for an export: the digest of the printed line of its seal')
    .option('--json', 'print JSON')
    .action(async (file: string, options: ImportOptions) => {
      const found = await stat(file).catch(() => null)
      if (!found) throw new Misuse(`There is no file ${file}; give an export, or published numbers.`)
      const isExport = found.isFile() && isArchive(file)
      const needless = isExport ? (['as', 'mapping'] as const) : (['publicKey', 'expect'] as const)
      if (needless.some((name) => options[name] !== undefined))
        throw new Misuse(
          isExport
            ? `${file} is an export, which says itself what it has; leave --as and --mapping out.`
            : `${file} is no export, so no seal is on it; leave --expect and --public-key out.`,
        )
      await (isExport ? importExport(file, options) : importTable(file, options))
    })
}

/** Imports what `gauntlet export` has written. */
async function importExport(file: string, { publicKey: keyFile, expect, json }: ImportOptions): Promise<void> {
  const publicKey = await readPublicKey(keyFile)
  const expected = {
    ...(expect === undefined ? {} : { seal: expect }),
    ...(publicKey ? { publicKey } : {}),
  }
  const imported = await withLedger(
    (session) => importStudy(session, file, { ...expected, onProgress: session.progress }),
    'Interrupted; no row was written. Importing again goes on with the artifacts that are stored.',
  )
  if (json) return console.log(JSON.stringify(imported, null, 2))
  const { name, stages, measurements, artifactsStored, withheld, digest, isSigned, signers } = imported
  const word = isSigned ? 'who holds that key' : signers.length > 0 ? 'an unchecked signature' : 'the file alone'
  console.log(
    `Imported ${name}: ${count(measurements, 'number')}, ${count(stages, 'stage')} and ${count(artifactsStored, 'artifact')} are new here.`,
  )
  if (withheld > 0) console.log(`${count(withheld, 'fact')} withheld.`)
  console.log(`Its record is as seal ${digest} covers it, on the word of ${word}; stages of the same keys are reused.`)
}

/** Imports a table of published numbers. */
async function importTable(file: string, { as: name, mapping, json }: ImportOptions): Promise<void> {
  const { files, bytes, mediaType, name: fileName } = await readPublishedFiles(file)
  const published = readPublished(files, mapping === undefined ? null : await readMapping(mapping))
  if (name === undefined || name.trim() === '') throw new Misuse('Give the study of these numbers a name with --as.')
  const { id, isNew } = await withLedger(async ({ db, store }) =>
    recordImport(db, {
      name,
      fileName,
      file: await store.put(bytes, mediaType),
      reading: published.reading as unknown as Json,
      perturbations: published.perturbations,
      rows: published.rows.map(claimedRow),
    }),
  )
  const summary = { id, name, isNew, rows: published.rows.length, numbers: countNumbers(published.rows) }
  if (json) console.log(JSON.stringify({ ...summary, defects: defectsDocument(published) }, null, 2))
  else console.log(renderImport(summary, published.defects))
}

function claimedRow(published: PublishedRow): ClaimedRow {
  const { seed = null, factors, diverged: _, ...row } = published
  return { ...row, seed, ...factors }
}

function countNumbers(rows: readonly PublishedRow[]): number {
  return rows.flatMap(({ accuracies }) => Object.values(accuracies)).filter((accuracy) => accuracy !== null).length
}

function defectsDocument({ defects }: PublishedNumbers) {
  return { counts: defectCounts(defects), list: defects }
}

interface ImportSummary {
  readonly name: string
  readonly isNew: boolean
  readonly rows: number
  readonly numbers: number
}

/** The defects by row, then their counts by kind, then what was imported, which a long list must not push away. */
function renderImport({ name, isNew, rows, numbers }: ImportSummary, defects: readonly Defect[]): string {
  const byRow = defects.toSorted((a, b) => a.rows[0]! - b.rows[0]!)
  const counts = Object.entries(defectCounts(defects)).filter(([, times]) => times > 0)
  const verb = isNew ? 'Imported' : 'Already imported:'
  return [
    ...byRow.map(({ kind, message }) => `${kind.padEnd(18)}  ${message}`),
    ...(counts.length > 0 ? ['', 'Defects by kind:', ...counts.map(([kind, times]) => `  ${kind}: ${times}`), ''] : []),
    `${verb} ${name}: ${count(numbers, 'claimed number')} in ${count(rows, 'row')}.`,
  ].join('\n')
}
