import { analyzeStudy, compareStudies, evidenceOf } from '@gauntlet/analysis'
import { comparisonTables, protocolTables, type Table } from '@gauntlet/report'
import type { Command } from 'commander'
import { Misuse } from '../command-failed.ts'
import { withLedger } from '../stack/local-ledger.ts'
import { readStudyNumbers } from '../read/read-study-numbers.ts'
import { renderTable } from '../print/table.ts'

interface AnalyzeOptions {
  readonly protocol?: string
  readonly reference: string
  readonly json?: boolean
}

export function addAnalyze(program: Command): void {
  program
    .command('analyze')
    .description(
      'analyse a study by protocol: podium, effects, analyses of variance, correlations, odds, proxies, and what the ranking hangs on',
    )
    .argument('<study>', 'name or id of a study that has run or was imported')
    .argument('[others...]', 'studies to set beside it')
    .option('--protocol <protocol>', 'print this protocol alone')
    .option('--reference <protocol>', 'the protocol that the others are proxies of', 'FFT-50')
    .option('--json', 'print one JSON object')
    .action(async (name: string, others: readonly string[], { protocol, reference, json }: AnalyzeOptions) => {
      await withLedger(async (session) => {
        const study = await readStudyNumbers(session, name)
        const analysis = analyzeStudy(study, { reference })
        const comparisons = []
        for (const other of others) comparisons.push(compareStudies(study, await readStudyNumbers(session, other)))
        const shown = protocolsShown(analysis.protocols, protocol)
        if (json) {
          const document = { ...analysis, protocols: Object.fromEntries(shown) }
          console.log(JSON.stringify(others.length > 0 ? { ...document, comparisons } : document, null, 2))
          return
        }
        const evidence = `${study.name}: numbers that are ${evidenceOf(study)}; ${study.source}.`
        const tables = shown.flatMap(([id, one]) => protocolTables(id, one).map(textOf))
        const beside = comparisons.flatMap((comparison) => comparisonTables(comparison).map(textOf))
        console.log([evidence, ...tables, ...beside].join('\n\n'))
      })
    })
}

function protocolsShown<Analysis>(protocols: Readonly<Record<string, Analysis>>, named: string | undefined) {
  const all = Object.entries(protocols)
  const shown = named === undefined ? all : all.filter(([protocol]) => protocol === named)
  if (shown.length > 0) return shown
  throw new Misuse(`No row has the protocol '${named}'; choose one of ${all.map(([protocol]) => protocol).join(', ')}.`)
}

function textOf({ title, note, columns, rows }: Table): string {
  const rendered = renderTable(
    columns.map(({ heading, isNumeric }, i) => ({
      heading,
      align: isNumeric ? ('right' as const) : ('left' as const),
      cell: (row: Table['rows'][number]) => row.cells[i]!.text,
    })),
    rows,
  )
  return [title, ...(note ? [note] : []), '', rendered].join('\n')
}
