import type { Cell, Column, Row, Table } from '../tables/table.ts'
import { escapeText, tableName } from './escape.ts'

/** A table as HTML: the first cell of a row names the row. Wide tables scroll inside a region of their own. */
export function tableHtml(table: Table): string {
  return fittedTableHtml(table, Infinity)
}

/** A table as HTML of at most about `budget` characters; it says how many rows are left out. */
export function fittedTableHtml({ id, title, note, columns, rows }: Table, budget: number): string {
  const head = columns.map(
    ({ heading, isNumeric }) => `<th scope="col"${numeric(isNumeric)}>${escapeText(heading)}</th>`,
  )
  const body: string[] = []
  let size = 0
  for (const row of rows) {
    const html = rowHtml(row, columns)
    size += html.length + 1
    if (size > budget) break
    body.push(html)
  }
  const omitted = rows.length - body.length
  const ending =
    omitted > 0 ? [`To keep the page small ${omitted} rows are left out; numbers.csv has all numbers.`] : []
  const text = [...(note === undefined ? [] : [note]), ...ending].join(' ')
  return [
    `<div class="scroll" role="region" tabindex="0" aria-labelledby="${tableName(id)}">`,
    `<table><caption id="${tableName(id)}"><b>${escapeText(title)}</b>${text === '' ? '' : `. ${escapeText(text)}`}</caption>`,
    `<thead><tr>${head.join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`,
  ].join('\n')
}

function rowHtml({ anchor, cells }: Row, columns: readonly Column[]): string {
  const id = anchor === undefined ? '' : ` id="${anchor}"`
  return `<tr${id}>${cells.map((cell, i) => cellHtml(cell, columns[i]!, i === 0)).join('')}</tr>`
}

function cellHtml({ text, origin }: Cell, { isNumeric }: Column, isFirst: boolean): string {
  const content = origin ? `<a href="#${origin}">${escapeText(text)}</a>` : escapeText(text)
  return isFirst ? `<th scope="row"${numeric(isNumeric)}>${content}</th>` : `<td${numeric(isNumeric)}>${content}</td>`
}

function numeric(isNumeric: boolean | undefined): string {
  return isNumeric ? ' class="n"' : ''
}
