import { tableInvalid } from './table-invalid.ts'

/** A table as text: the header's names, and for each row its cells by name. */
export interface CsvTable {
  readonly columns: readonly string[]
  readonly rows: readonly CsvRow[]
}

/** A row of a table. */
export interface CsvRow {
  /** As spreadsheets number rows: the header is row 1. */
  readonly row: number
  readonly cells: Readonly<Record<string, string>>
}

/**
 * Comma-separated values by RFC 4180: the first record is the header, cells may be quoted, a quote inside quotes is
 * doubled, records end with CRLF or LF. A byte-order mark and empty records at the end are skipped. Tables with other
 * separators are refused, since their numbers usually have decimal commas. Throws PublishedTableInvalid.
 */
export function parseCsv(text: string): CsvTable {
  const records = recordsOf(text.replace(/^\uFEFF/, ''))
  while (records.at(-1)?.every((cell) => cell.trim() === '')) records.pop()
  const header = records[0]?.map((name) => name.trim())
  if (!header) throw tableInvalid(null, 'The table is empty; it needs a header and a row for each configuration.')
  refuseOtherSeparators(header)
  const repeated = header.find((name, i) => header.indexOf(name) !== i)
  if (repeated !== undefined) throw tableInvalid(1, `Row 1 names the column '${repeated}' twice; keep one.`)
  if (records.length === 1)
    throw tableInvalid(null, 'The table has a header and no rows; it needs one for each configuration.')
  const rows = records.slice(1).map((cells, i) => {
    if (cells.length !== header.length) throw tableInvalid(i + 2, raggedMessage(i + 2, cells.length, header.length))
    return { row: i + 2, cells: Object.fromEntries(header.map((name, column) => [name, cells[column]!.trim()])) }
  })
  return { columns: header, rows }
}

function refuseOtherSeparators(header: readonly string[]): void {
  const [only = ''] = header
  const separator = [';', '\t', '|'].find((mark) => only.includes(mark))
  if (header.length > 1 || separator === undefined) return
  const name = { ';': 'semicolons', '\t': 'tabs', '|': 'bars' }[separator]
  throw tableInvalid(
    1,
    `Row 1 is separated by ${name}; save the table with commas between cells and points in numbers.`,
  )
}

function raggedMessage(row: number, found: number, expected: number): string {
  const cells = found === 1 ? '1 cell' : `${found} cells`
  return `Row ${row} has ${cells} where the header has ${expected}; quote cells that hold commas.`
}

/** The cells of a text, record by record: a state machine over quotes, as the grammar of RFC 4180 has it. */
function recordsOf(text: string): string[][] {
  const records: string[][] = []
  let record: string[] = []
  let at = 0
  while (at < text.length) {
    const [cell, end] = text[at] === '"' ? quotedCell(text, at, records.length + 1) : plainCell(text, at)
    record.push(cell)
    const separator = text[end]
    at = end + (text.startsWith('\r\n', end) ? 2 : 1)
    if (separator === ',' && at < text.length) continue
    if (separator === ',') record.push('')
    records.push(record)
    record = []
  }
  return records
}

const cellEnd = /,|\r?\n|$/g

function plainCell(text: string, start: number): readonly [string, number] {
  cellEnd.lastIndex = start
  const end = cellEnd.exec(text)!.index
  return [text.slice(start, end), end]
}

function quotedCell(text: string, start: number, row: number): readonly [string, number] {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 2)) {
    if (text[end + 1] === '"') continue
    if (end + 1 < text.length && !/^(,|\r?\n)/.test(text.slice(end + 1, end + 3)))
      throw tableInvalid(row, `Row ${row} goes on after a closing quote; double the quotes inside a cell.`)
    return [text.slice(start + 1, end).replaceAll('""', '"'), end + 1]
  }
  throw tableInvalid(row, `Row ${row} opens a quote that never closes; close it, or double the quotes inside a cell.`)
}
