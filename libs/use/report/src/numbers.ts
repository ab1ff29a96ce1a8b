import type { Table } from './tables/table.ts'
import { escapeLatex } from './latex/escape.ts'

/** A number that a report shows, by a key that says what it is. */
export interface ReportNumber {
  /** Table, row and column, with slashes between. */
  readonly key: string
  /** At full precision. */
  readonly value: number
  /** As the report shows it. */
  readonly text: string
  /** Where it is from; empty where it was computed from other numbers. */
  readonly source: string
}

/** Every number of tables, in their order. */
export function numbersOf(tables: readonly Table[]): ReportNumber[] {
  return tables.flatMap(({ id, columns, rows }) =>
    rows.flatMap((row) =>
      row.cells.flatMap(({ text, number, source = '' }, i) =>
        number === undefined ? [] : [{ key: `${id}/${row.key}/${columns[i]!.key}`, value: number, text, source }],
      ),
    ),
  )
}

/** The numbers as CSV: key, value at full precision, text as shown, and where it is from. */
export function numbersCsv(numbers: readonly ReportNumber[]): string {
  const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  const lines = numbers.map(({ key, value, text, source }) => [key, String(value), text, source].map(quoted).join(','))
  return `${['key,value,text,source', ...lines].join('\n')}\n`
}

/**
 * A macro for every number: \gauntlet{<key>} prints it as the report shows it, and stops LaTeX where there is no number
 * of that key. The key is that of numbers.csv.
 */
export function numberMacros(numbers: readonly ReportNumber[], numbersDigest: string): string {
  return [
    `% Numbers with the digest ${numbersDigest}. Use: \\input{macros} once, then \\gauntlet{key}.`,
    '\\makeatletter',
    '\\newcommand{\\gauntlet}[1]{\\@ifundefined{gauntlet@\\detokenize{#1}}%',
    '  {\\PackageError{gauntlet}{There is no number \\detokenize{#1}}{See numbers.csv for the keys.}}%',
    '  {\\csname gauntlet@\\detokenize{#1}\\endcsname}}',
    '\\newcommand{\\gauntlet@number}[2]{\\expandafter\\def\\csname gauntlet@\\detokenize{#1}\\endcsname{#2}}',
    ...numbers.map(({ key, text }) => `\\gauntlet@number{${key}}{${escapeLatex(text)}}`),
    '\\makeatother',
    '',
  ].join('\n')
}
