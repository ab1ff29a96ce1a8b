import { wilsonInterval } from '@gauntlet/analysis'
import { cellText, type Measure, type StudyModel } from './study-model.ts'

/** A table as text cells: what is copied, and what a screen reader goes through. */
export interface TextTable {
  readonly headings: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** 1,440 → `1,440 rows`, 1 → `1 row`. */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString()} ${what}${count === 1 ? '' : 's'}`
}

/** A row for each configuration: its levels, its numbers with or without intervals, its score and its rank. */
export function textTable(
  model: StudyModel,
  positions: readonly number[],
  measures: readonly Measure[],
  withIntervals: boolean,
): TextTable {
  const factors = model.factors.length > 0 ? model.factors : (['backbone'] as const)
  const headings = measures.map((measure) => (measure === 'score' ? 'sum' : model.grid.perturbations[measure]!.heading))
  const rows = positions.map((position) => [
    ...factors.map((factor) => model.level(position, factor)),
    ...measures.map((measure) => textOf(model, position, measure, withIntervals)),
    rankText(model, position),
  ])
  return { headings: [...factors, ...headings, 'rank'], rows }
}

function textOf(model: StudyModel, position: number, measure: Measure, withIntervals: boolean): string {
  const text = cellText(model.cell(position, measure), measure)
  const counted = measure === 'score' || !withIntervals ? null : model.count(model.row(position, measure))
  if (!counted) return text
  const [low, high] = wilsonInterval(counted)
  return `${text} [${(100 * low!).toFixed(1)}, ${(100 * high!).toFixed(1)}]`
}

/** The rank of a configuration; a dash where it has none. */
export function rankText(model: StudyModel, position: number): string {
  return String(model.standings[position]!.rank ?? '–')
}

/** Comma-separated values (RFC 4180). A cell that a spreadsheet would take for a formula gets an apostrophe. */
export function toCsv({ headings, rows }: TextTable): string {
  const field = (text: string) => {
    const harmless = /^[=+@\t\r]|^-(?![\d.])/.test(text) ? `'${text}` : text
    return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
  }
  return [headings, ...rows].map((row) => row.map(field).join(',')).join('\r\n')
}

/** A table for Markdown. */
export function toMarkdown({ headings, rows }: TextTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(headings), `|${headings.map(() => ' --- |').join('')}`, ...rows.map(line)].join('\n')
}

const latexEscapes: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '⊘': '$\\oslash$',
  '∿': '$\\sim$',
  '✕': '$\\times$',
  '▸': '$\\triangleright$',
  '○': '$\\circ$',
  '·': '$\\cdot$',
  '–': '--',
}

/** A table for LaTeX, with the rules of booktabs. */
export function toLatex({ headings, rows }: TextTable): string {
  const cell = (text: string) => text.replace(/[\\~^⊘∿✕▸○·–]|[&%$#_{}]/g, (sign) => latexEscapes[sign] ?? `\\${sign}`)
  const line = (cells: readonly string[]) => `${cells.map(cell).join(' & ')} \\\\`
  const columns = headings.map((_, i) => (rows.every((row) => !Number.isNaN(Number.parseFloat(row[i]!))) ? 'r' : 'l'))
  return [
    `\\begin{tabular}{${columns.join('')}}`,
    '\\toprule',
    line(headings),
    '\\midrule',
    ...rows.map(line),
    '\\bottomrule',
    '\\end{tabular}',
  ].join('\n')
}
