import { studyResults } from '@gauntlet/ledger'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { withLedger } from '../local-ledger.ts'
import { renderResults, resultRow } from '../results-table.ts'
import { writeSheets } from '../write-sheets.ts'

export function addResults(program: Command): void {
  program
    .command('results')
    .description('the table of a study: every number with its evaluator, and every missing cell with its reason')
    .argument('<study>', 'name or id of a study that has run')
    .option('--json', 'print the rows as a JSON array')
    .option(
      '--sheets <folder>',
      'also write a picture of clean, attacked and corrupted images for every number under attack, PNG',
    )
    .action(async (study: string, { json, sheets }: { json?: boolean; sheets?: string }) => {
      await withLedger(async (session) => {
        const results = await studyResults(session.db, study)
        const written = sheets === undefined ? [] : await writeSheets(session, results.rows, resolve(sheets))
        console.log(json ? JSON.stringify(results.rows.map(resultRow), null, 2) : renderResults(results))
        if (sheets !== undefined && !json) console.log(`\nWrote ${written.length} sheets to ${resolve(sheets)}.`)
      })
    })
}
