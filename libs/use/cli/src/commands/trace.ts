import { flagMeaning } from '@gauntlet/analysis'
import { bridgesTo, importSealsOf, reproductionsOf, traceMeasurement } from '@gauntlet/ledger'
import type { Command } from 'commander'
import { classCounts } from '../read/class-counts.ts'
import { CommandFailed, Misuse } from '../command-failed.ts'
import { withLedger } from '../stack/local-ledger.ts'
import { readCurrentResults } from '../read/read-current-results.ts'
import { renderTrace } from '../print/render-trace.ts'
import { weightChanges } from '../read/weight-changes.ts'
import { quoted } from '../print/quoted.ts'

export function addTrace(program: Command): void {
  program
    .command('trace')
    .description(
      'show where a number came from: images and weights by address, what each stage took and on what, code, attempts, and whether it was computed again',
    )
    .argument('<study>', 'name or id of a study that has run')
    .argument('<row>', "number of the row in the study's table")
    .option('--json', 'print JSON')
    .action(async (study: string, row: string, { json }: { json?: boolean }) => {
      if (!/^[1-9]\d{0,8}$/.test(row))
        throw new Misuse(
          `${JSON.stringify(row)} is not a row; give its number from npx gauntlet results ${quoted(study)}.`,
        )
      await withLedger(async ({ settings, db, store }) => {
        const only = { first: Number(row), last: Number(row) }
        const { results } = await readCurrentResults({ settings, db }, study, only)
        const [cell, empty] = [results.rows[0], results.missing[0]]
        if (empty)
          throw new CommandFailed(`Row ${row} has no number (${empty.failureClass ?? 'pending'}: ${empty.reason}).`)
        if (!cell) throw new Misuse(`There is no row ${row} in ${study}; it has rows 1 to ${results.size}.`)
        const [trace, reproductions] = await Promise.all([
          traceMeasurement(db, cell.measurementId),
          reproductionsOf(db, cell.measurementId),
        ])
        const keys = trace.executions.map(({ stageKey }) => stageKey)
        const [classes, changes, bridges, imported] = await Promise.all([
          classCounts(trace, store),
          weightChanges(trace, store),
          bridgesTo(db, keys),
          importSealsOf(db, keys),
        ])
        const importSeals = Object.fromEntries(imported)
        const doubts = cell.flags.filter(({ name }) => name === 'doubted').map(flagMeaning)
        const context = { classes, changes, reproductions, bridges, importSeals, doubts }
        console.log(
          json ? JSON.stringify({ row: cell.row, ...trace, ...context }, null, 2) : renderTrace(trace, context),
        )
      })
    })
}
