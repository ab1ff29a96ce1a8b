import { distinct } from './distinct.ts'
import { tableName } from './html/escape.ts'
import { pageHtml } from './html/page.ts'
import { booktabs } from './latex/fragments.ts'
import { numberMacros, numbersCsv, numbersOf } from './numbers.ts'
import type { ReportInput } from './report-input.ts'
import { digestOfNumbers } from './digest-of-numbers.ts'
import { agreementTable, atlasCsv, atlasTable, felledByTable } from './tables/atlas.ts'
import { comparisonTables, defectCountsTable, leaderTable, numbersTable } from './tables/evidence.ts'
import { protocolTables } from './tables/protocol-tables.ts'
import type { Table } from './tables/table.ts'

/** A report, before it is written. */
export interface Report {
  /** The digest of the numbers it is about. */
  readonly numbersDigest: string
  /** The text of each file, by its path in the folder of the report. */
  readonly files: Readonly<Record<string, string>>
}

/**
 * A report of a study: index.html, which needs nothing else; a booktabs fragment for each table and a macro for each
 * number; numbers.csv with every number at full precision; atlas.csv with what fell where there are outcomes.
 */
export function buildReport(input: ReportInput): Report {
  const numbersDigest = digestOfNumbers(input.study)
  const tables = tablesOf(input)
  const numbers = numbersOf([...tables, numbersTable(input.study)])
  return {
    numbersDigest,
    files: {
      'index.html': pageHtml(input, numbersDigest),
      'numbers.csv': numbersCsv(numbers),
      'macros.tex': numberMacros(numbers, numbersDigest),
      ...(input.atlases.length > 0 ? { 'atlas.csv': atlasCsv(input.atlases) } : {}),
      ...fragmentsOf(tables),
    },
  }
}

/** A fragment of each table by its path. Those that differ only in case, which some disks cannot, are numbered. */
function fragmentsOf(tables: readonly Table[]): Record<string, string> {
  const paths = distinct(
    tables.map(({ id }) => `tables/${tableName(id)}`),
    (path) => path.toLowerCase(),
  )
  return Object.fromEntries(tables.map((table, i) => [`${paths[i]!}.tex`, booktabs(table)]))
}

function tablesOf({ study, analysis, uncertainty, atlases, comparisons }: ReportInput): Table[] {
  const ofProtocols = Object.entries(analysis.protocols).flatMap(([protocol, one]) => {
    const leader = leaderTable(protocol, uncertainty[protocol]?.leader ?? [])
    return [...protocolTables(protocol, one, uncertainty[protocol]?.ranking ?? null), ...(leader ? [leader] : [])]
  })
  return [
    ...ofProtocols,
    ...(atlases.length > 0 ? [atlasTable(atlases), felledByTable(atlases), agreementTable(atlases)] : []),
    ...(study.evidence === 'claimed' ? [defectCountsTable(study.defects)] : []),
    ...comparisons.flatMap(comparisonTables),
  ]
}
