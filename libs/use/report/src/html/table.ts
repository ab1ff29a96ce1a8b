import type { Cell, Column, Table } from '../tables/table.ts'
import { escapeText, idOf } from './escape.ts'

/** A table as HTML: its first cell of a row names the row. Wide tables scroll inside a region of their own. */
export function tableHtml({ id, title, note, columns, rows }: Table): string {
  const head = columns.map(
    ({ heading, isNumeric }) => `<th scope="col"${numeric(isNumeric)}>${escapeText(heading)}</th>`,
  )
  const body = rows.map(({ anchor, cells }) => {
    const id = anchor === undefined ? '' : ` id="${anchor}"`
    return `<tr${id}>${cells.map((cell, i) => cellHtml(cell, columns[i]!, i === 0)).join('')}</tr>`
  })
  return [
    `<div class="scroll" role="region" tabindex="0" aria-labelledby="${idOf(id)}">`,
    `<table><caption id="${idOf(id)}"><b>${escapeText(title)}</b>${note ? `. ${escapeText(note)}` : ''}</caption>`,
    `<thead><tr>${head.join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`,
  ].join('\n')
}

function cellHtml({ text, origin }: Cell, { isNumeric }: Column, isFirst: boolean): string {
  const content = origin ? `<a href="#${origin}">${escapeText(text)}</a>` : escapeText(text)
  return isFirst ? `<th scope="row"${numeric(isNumeric)}>${content}</th>` : `<td${numeric(isNumeric)}>${content}</td>`
}

function numeric(isNumeric: boolean | undefined): string {
  return isNumeric ? ' class="n"' : ''
}
