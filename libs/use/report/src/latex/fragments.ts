import type { Table } from '../tables/table.ts'
import { commentText, escapeLatex } from './escape.ts'

/** A table as a booktabs fragment, to be `\input` into a table environment. Needs `\usepackage{booktabs}`. */
export function booktabs({ title, note, columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `  ${cells.map(escapeLatex).join(' & ')} ${'\\\\'}`
  return [
    `% ${commentText(`${title}.${note ? ` ${note}` : ''}`)}`,
    `\\begin{tabular}{${columns.map(({ isNumeric }) => (isNumeric ? 'r' : 'l')).join('')}}`,
    '  \\toprule',
    line(columns.map(({ heading }) => heading)),
    '  \\midrule',
    ...rows.map(({ cells }) => line(cells.map(({ text }) => text))),
    '  \\bottomrule',
    '\\end{tabular}',
    '',
  ].join('\n')
}
