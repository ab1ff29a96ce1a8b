import type { Table } from './tables/table.ts'
import { csvOf, withoutFormula } from './csv.ts'
import { distinct } from './distinct.ts'
import { escapeLatex } from './latex/escape.ts'

/** A number that a report shows, by a key that says what it is. */
export interface ReportNumber {
  /** Table, row and column, with slashes between; written so that no spreadsheet takes it for a formula. */
  readonly key: string
  /** At full precision. */
  readonly value: number
  /** As the report shows it. */
  readonly text: string
  /** Where it is from; empty where it was computed from other numbers. */
  readonly source: string
}

/**
 * Every number of tables, in their order. Rows of equal keys, as an imported table has where it repeats a row, are
 * numbered.
 */
export function numbersOf(tables: readonly Table[]): ReportNumber[] {
  return tables.flatMap(({ id, columns, rows }) => {
    const keys = distinct(rows.map(({ key }) => key))
    return rows.flatMap((row, place) =>
      row.cells.flatMap(({ text, number, source = '' }, i) => {
        const key = withoutFormula(`${id}/${keys[place]!}/${columns[i]!.key}`)
        return number === undefined ? [] : [{ key, value: number, text, source }]
      }),
    )
  })
}

/** The numbers as CSV: key, value at full precision, text as shown, and where it is from. */
export function numbersCsv(numbers: readonly ReportNumber[]): string {
  return csvOf([
    ['key', 'value', 'text', 'source'],
    ...numbers.map(({ key, value, text, source }) => [key, value, text, source]),
  ])
}

/**
 * A macro for every number: \gauntlet{<key>} prints it as the report shows it, and stops LaTeX where there is no number
 * of that key. The key is that of numbers.csv, with characters that a key cannot have in LaTeX as `macroKey` writes
 * them.
 */
export function numberMacros(numbers: readonly ReportNumber[], numbersDigest: string): string {
  return [
    `% Numbers with the digest ${numbersDigest}. Use: \\input{macros} once, then \\gauntlet{key}.`,
    '% Keys are those of numbers.csv; what LaTeX would read as its own stands as !code point!, such as !25! for a percent sign.',
    '\\makeatletter',
    '\\newcommand{\\gauntlet}[1]{\\@ifundefined{gauntlet@\\detokenize{#1}}%',
    '  {\\PackageError{gauntlet}{There is no number \\detokenize{#1}}{See numbers.csv for the keys.}}%',
    '  {\\csname gauntlet@\\detokenize{#1}\\endcsname}}',
    '\\newcommand{\\gauntlet@number}[2]{\\expandafter\\def\\csname gauntlet@\\detokenize{#1}\\endcsname{#2}}',
    ...numbers.map(({ key, text }) => `\\gauntlet@number{${macroKey(key)}}{${escapeLatex(text)}}`),
    '\\makeatother',
    '',
  ].join('\n')
}

/**
 * A key that LaTeX reads as it stands, one for each: characters of its syntax, white space other than single spaces and
 * the exclamation mark itself become their code points in hexadecimal digits between exclamation marks.
 */
function macroKey(key: string): string {
  return key.replace(
    /[\\{}%#^!\p{Cc}\p{Cs}\u2028\u2029]|(?<= ) |^ | $/gu,
    (character) => `!${character.codePointAt(0)!.toString(16).toUpperCase()}!`,
  )
}
