import type { FactorName } from '@gauntlet/api/wire'
import type { Measure, StudyModel } from './study-model.ts'

/** A row or a column of the matrix: the levels it stands for, one for each of its factors. */
export interface Line {
  readonly key: string
  readonly levels: readonly string[]
}

/** The matrix: which configuration stands where. */
export interface Pivot {
  readonly rowFactors: readonly FactorName[]
  readonly columnFactors: readonly FactorName[]
  readonly rows: readonly Line[]
  readonly columns: readonly Line[]
  /** The place of the configuration in the table of the study, −1 where there is none. */
  readonly at: (row: number, column: number) => number
}

/** The order of rows: that of the table, by name, by their best or worst number, or by the numbers of one column. */
export type RowOrder = 'table' | 'name' | 'best' | 'worst' | `column ${string}`

export interface PivotOptions {
  readonly rowFactors: readonly FactorName[]
  readonly order: RowOrder
  readonly measure: Measure
  /** Rows whose levels contain this text. */
  readonly filter: string
}

/**
 * Lays the configurations out: rows by some factors, columns by all others. Where two configurations do not differ in
 * any factor, a row is repeated, so that none hides another.
 */
export function pivot(model: StudyModel, { rowFactors, order, measure, filter }: PivotOptions): Pivot {
  const columnFactors = model.factors.filter((factor) => !rowFactors.includes(factor))
  const [rows, columns] = [new Map<string, Line>(), new Map<string, Line>()]
  const places = new Map<string, Map<string, number>>()
  for (let position = 0; position < model.size; position++) {
    const column = lineOf(model, position, columnFactors)
    let row = lineOf(model, position, rowFactors)
    for (let n = 2; places.get(row.key)?.has(column.key); n++)
      row = { key: `${row.key} ${n}`, levels: [...row.levels.slice(0, -1), `${row.levels.at(-1)} (${n})`] }
    if (!rows.has(row.key)) rows.set(row.key, row)
    if (!columns.has(column.key)) columns.set(column.key, column)
    const own = places.get(row.key) ?? new Map<string, number>()
    places.set(row.key, own.set(column.key, position))
  }
  const shownColumns = inTableOrder(model, columnFactors, [...columns.values()])
  const wanted = filter.trim().toLowerCase()
  const matching = [...rows.values()].filter(({ levels }) => levels.join(' ').toLowerCase().includes(wanted))
  const valuesOf = ({ key }: Line) => [...places.get(key)!.values()].flatMap((place) => model.cell(place, measure).value ?? [])
  const valueIn = ({ key }: Line, column: string) => {
    const place = places.get(key)!.get(column)
    return place === undefined ? null : model.cell(place, measure).value
  }
  const shownRows = sortRows(inTableOrder(model, rowFactors, matching), order, valuesOf, valueIn)
  const grid = Int32Array.from({ length: shownRows.length * shownColumns.length }, (_, i) => {
    const own = places.get(shownRows[Math.floor(i / shownColumns.length)]!.key)!
    return own.get(shownColumns[i % shownColumns.length]!.key) ?? -1
  })
  return {
    rowFactors,
    columnFactors,
    rows: shownRows,
    columns: shownColumns,
    at: (row, column) => grid[row * shownColumns.length + column] ?? -1,
  }
}

function lineOf(model: StudyModel, position: number, factors: readonly FactorName[]): Line {
  const levels = factors.map((factor) => model.level(position, factor))
  return { key: factors.map((factor) => model.levelIndex(position, factor)).join('.'), levels }
}

/** Lines by the levels of their first factor, then of the second and so on, each in the order of the study. */
function inTableOrder(model: StudyModel, factors: readonly FactorName[], lines: readonly Line[]): Line[] {
  const places = factors.map((factor) => new Map(model.grid.factors[factor]!.map((level, i) => [level, i])))
  const keyed = lines.map((line) => ({ line, order: line.levels.map((level, i) => places[i]!.get(level) ?? Infinity) }))
  return keyed
    .sort((a, b) => {
      const i = a.order.findIndex((place, k) => place !== b.order[k])
      return i < 0 ? 0 : a.order[i]! - b.order[i]!
    })
    .map(({ line }) => line)
}

function sortRows(
  rows: readonly Line[],
  order: RowOrder,
  valuesOf: (row: Line) => number[],
  valueIn: (row: Line, column: string) => number | null,
): Line[] {
  if (order === 'table') return [...rows]
  if (order === 'name') return [...rows].sort((a, b) => (a.levels.join() < b.levels.join() ? -1 : 1))
  const key = (row: Line): number => {
    if (order === 'best') return Math.max(...valuesOf(row), -1)
    if (order === 'worst') return Math.min(...valuesOf(row), Infinity) === Infinity ? -1 : Math.min(...valuesOf(row))
    return valueIn(row, order.slice('column '.length)) ?? -1
  }
  const keyed = rows.map((row) => ({ row, value: key(row) }))
  return keyed.sort((a, b) => b.value - a.value).map(({ row }) => row)
}

/** By what the rows are sorted, in words. */
export function orderSentence(order: RowOrder, { columns, columnFactors }: Pivot): string {
  if (order === 'table') return 'in the order of the study file'
  if (order === 'name') return 'by name'
  if (order === 'best') return 'by the best number of each row, the highest first'
  if (order === 'worst') return 'by the worst number of each row, the highest first'
  const column = columns.find(({ key }) => order === `column ${key}`)
  const name = column && columnFactors.length > 0 ? column.levels.join(' · ') : 'the only column'
  return `by ${name}, the highest first`
}
