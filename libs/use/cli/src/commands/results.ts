import { readOlderNumbers, resultRow } from '@gauntlet/client'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { withClassMeans } from '../print/class-means.ts'
import { withLedger } from '../stack/local-ledger.ts'
import { readCurrentResults } from '../read/read-current-results.ts'
import { renderResults } from '../print/results-table.ts'
import { writeSheets } from '../print/write-sheets.ts'

interface ResultsOptions {
  readonly all?: boolean
  readonly json?: boolean
  readonly sheets?: string
}

export function addResults(program: Command): void {
  program
    .command('results')
    .description(
      'print the table of a study by the present code and environment: every number, and every missing cell with its reason',
    )
    .argument('<study>', 'name or id of a study that has run')
    .option('--all', 'also print the numbers of other code and other environments, with what differs')
    .option('--json', 'print the rows as a JSON array')
    .option(
      '--sheets <folder>',
      'also write a PNG picture of the first images that felled the model, for every number under a perturbation',
    )
    .action(async (study: string, { all, json, sheets }: ResultsOptions) => {
      await withLedger(async (session) => {
        const { results: counted, pool } = await readCurrentResults(session, study)
        const results = await withClassMeans(session, counted)
        const older = all ? await readOlderNumbers(session.db, results.older, pool.description) : undefined
        const written = sheets === undefined ? [] : await writeSheets(session, results.rows, resolve(sheets))
        if (json) {
          const olderRows = (older ?? []).map((one) => ({ ...resultRow(one, false), differences: one.differences }))
          console.log(JSON.stringify([...results.rows.map((row) => resultRow(row)), ...olderRows], null, 2))
        } else console.log(renderResults(results, { pool, ...(older ? { older } : {}) }))
        if (sheets !== undefined && !json) console.log(`\nWrote ${written.length} sheets to ${resolve(sheets)}.`)
      })
    })
}
