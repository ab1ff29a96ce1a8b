import { withoutControls } from './without-controls.ts'

/** A column: its heading and how a row fills it. */
export interface Column<Row> {
  readonly heading: string
  readonly align?: 'left' | 'right'
  readonly cell: (row: Row) => string
}

/** A plain-text table without controls: columns as wide as their widest cell, two spaces between, and a rule. */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map(({ cell }) => withoutControls(cell(row))))
  const widths = columns.map(({ heading }, i) => Math.max(heading.length, ...cells.map((row) => row[i]!.length)))
  const line = (texts: readonly string[]) =>
    texts
      .map((text, i) => (columns[i]!.align === 'right' ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [
    line(columns.map(({ heading }) => heading)),
    line(widths.map((width) => '─'.repeat(width))),
    ...cells.map(line),
  ].join('\n')
}
