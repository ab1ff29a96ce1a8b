import { defectCounts, readPublished, type Defect, type PublishedNumbers, type PublishedRow } from '@gauntlet/analysis'
import { recordImport, type ClaimedRow } from '@gauntlet/ledger'
import type { Json } from '@gauntlet/study'
import type { Command } from 'commander'
import { Misuse } from '../command-failed.ts'
import { withLedger } from '../local-ledger.ts'
import { readMapping, readPublishedFiles } from '../published-files.ts'

interface ImportOptions {
  readonly as: string
  readonly mapping?: string
  readonly json?: boolean
}

export function addImport(program: Command): void {
  program
    .command('import')
    .description('import published numbers as a study whose evidence is claimed, and name what is wrong with them')
    .argument('<file>', "a CSV file, an entry of RobustBench's model_info, or a folder of such entries")
    .requiredOption('--as <name>', 'the name of the study')
    .option('--mapping <file>', 'JSON that says where the CSV keeps what; the database of the paper needs none')
    .option('--json', 'print JSON')
    .action(async (file: string, { as: name, mapping, json }: ImportOptions) => {
      if (name.trim() === '') throw new Misuse('--as is empty; give the study a name.')
      const { files, bytes, mediaType, name: fileName } = await readPublishedFiles(file)
      const published = readPublished(files, mapping === undefined ? null : await readMapping(mapping))
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
    })
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
  const counts = Object.entries(defectCounts(defects)).filter(([, count]) => count > 0)
  const inRows = rows === 1 ? '1 row' : `${rows.toLocaleString('en')} rows`
  const verb = isNew ? 'Imported' : 'Already imported:'
  return [
    ...byRow.map(({ kind, message }) => `${kind.padEnd(18)}  ${message}`),
    ...(counts.length > 0 ? ['', 'Defects by kind:', ...counts.map(([kind, count]) => `  ${kind}: ${count}`), ''] : []),
    `${verb} ${name}: ${numbers.toLocaleString('en')} claimed numbers in ${inRows}.`,
  ].join('\n')
}
