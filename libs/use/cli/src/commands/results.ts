import { readOlderNumbers, resultRow } from '@gauntlet/client'
import { rowsOfStudy } from '@gauntlet/ledger'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { Misuse } from '../command-failed.ts'
import { parseRows } from '../parse/parse-rows.ts'
import { withClassMeans } from '../read/class-means.ts'
import { withLedger } from '../stack/local-ledger.ts'
import { readCurrentResults } from '../read/read-current-results.ts'
import { renderResults } from '../print/results-table.ts'
import { writeSheets } from '../print/write-sheets.ts'
import { count } from '../print/count.ts'

/** Rows of a table that is printed as a whole; of a larger one a page of this many is. */
const [wholeTable, page] = [2_000, 500]

interface ResultsOptions {
  readonly rows?: string
  readonly all?: boolean
  readonly json?: boolean
  readonly sheets?: string
}

export function addResults(program: Command): void {
  program
    .command('results')
    .description(
      'print the table of a study by the present code and environment: every number, and the missing cells by reason',
    )
    .argument('<study>', 'name or id of a study that has run')
    .option(
      '--rows <range>',
      `these rows, such as 1-${page}, or all (default: all; of a table of more than ${wholeTable} rows the first ${page}, unless with --json)`,
    )
    .option('--all', 'also print the numbers of other code and other environments, with what differs')
    .option('--json', 'print the rows as a JSON array')
    .option(
      '--sheets <folder>',
      'also write a PNG picture of the first images that felled the model, for every number under a perturbation',
    )
    .action(async (study: string, { rows: named, all, json, sheets }: ResultsOptions) => {
      const asked = named === undefined ? undefined : parseRows(named)
      await withLedger(async (session) => {
        const isLarge = async () => (await rowsOfStudy(session.db, study)) > wholeTable
        const firstPage = asked === undefined && !json && (await isLarge()) ? { first: 1, last: page } : undefined
        const range = asked ?? firstPage
        const { results: counted, pool } = await readCurrentResults(session, study, range)
        if (range && range.first > counted.size)
          throw new Misuse(`There is no row ${range.first}; the table of ${study} has ${count(counted.size, 'row')}.`)
        const results = await withClassMeans(session, counted)
        const older = all ? await readOlderNumbers(session.db, results.older, pool.description) : undefined
        const written = sheets === undefined ? [] : await writeSheets(session, results.rows, resolve(sheets))
        if (json) {
          const olderRows = (older ?? []).map((one) => ({ ...resultRow(one, false), differences: one.differences }))
          console.log(JSON.stringify([...results.rows.map((row) => resultRow(row)), ...olderRows], null, 2))
        } else console.log(renderResults(results, { pool, ...(range ? { range } : {}), ...(older ? { older } : {}) }))
        if (sheets !== undefined && !json)
          console.log(`\nWrote ${count(written.length, 'sheet')} to ${resolve(sheets)}.`)
      })
    })
}
