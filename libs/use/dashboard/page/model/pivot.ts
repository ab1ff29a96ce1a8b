import type { FactorName } from '@gauntlet/api/wire'
import type { Measure, StudyModel } from './study-model.ts'

/** A row or a column of the matrix: the levels it stands for, one for each of its factors. */
export interface Line {
  readonly key: string
  readonly levels: readonly string[]
}

/** A column, and the measure whose numbers stand in it. */
export interface Column extends Line {
  readonly measure: Measure
}

/** The matrix: which configuration stands where. */
export interface Pivot {
  readonly rowFactors: readonly FactorName[]
  /** That of the table where there is no such column as was asked for. */
  readonly order: RowOrder
  /** The names of what the columns differ in: the perturbation where several are shown, then factors. */
  readonly columnFactors: readonly string[]
  readonly rows: readonly Line[]
  readonly columns: readonly Column[]
  /** The place of the configuration in the table of the study, −1 where there is none. */
  readonly at: (row: number, column: number) => number
}

/** The order of rows: that of the table, by name, by their best or worst number, or by the numbers of one column. */
export type RowOrder = 'table' | 'name' | 'best' | 'worst' | `column ${string}`
const wordedOrders: readonly RowOrder[] = ['table', 'name', 'best', 'worst']

export interface PivotOptions {
  readonly rowFactors: readonly FactorName[]
  readonly order: RowOrder
  /** What is shown; several stand side by side. */
  readonly measures: readonly Measure[]
  /** Rows whose levels contain this text. */
  readonly filter: string
}

/**
 * Lays the configurations out: rows by some factors, columns by all others. Where two configurations do not differ in
 * any factor, a row is repeated, so that none hides another.
 */
export function pivot(model: StudyModel, { rowFactors, order: asked, measures, filter }: PivotOptions): Pivot {
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
  const shownColumns = columnsOf(model, measures, inTableOrder(model, columnFactors, [...columns.values()]))
  const wanted = filter.trim().toLowerCase()
  const matching = [...rows.values()].filter(({ levels }) => levels.join(' ').toLowerCase().includes(wanted))
  const placeIn = (row: Line, column: Column) => places.get(row.key)!.get(column.key.slice(column.key.indexOf(' ') + 1))
  const valueIn = (row: Line, column: Column) => {
    const place = placeIn(row, column)
    return place === undefined ? null : model.cell(place, column.measure).value
  }
  const order =
    wordedOrders.includes(asked) || shownColumns.some(({ key }) => asked === `column ${key}`) ? asked : 'table'
  const shownRows = sortRows(inTableOrder(model, rowFactors, matching), order, shownColumns, valueIn)
  const grid = Int32Array.from({ length: shownRows.length * shownColumns.length }, (_, i) => {
    const row = shownRows[Math.floor(i / shownColumns.length)]!
    return placeIn(row, shownColumns[i % shownColumns.length]!) ?? -1
  })
  return {
    rowFactors,
    order,
    columnFactors: measures.length > 1 ? ['perturbation', ...columnFactors] : columnFactors,
    rows: shownRows,
    columns: shownColumns,
    at: (row, column) => grid[row * shownColumns.length + column] ?? -1,
  }
}

/** The configurations row by row, each once, although it stands in a column for each measure. */
export function positionsIn({ rows, columns, at }: Pivot): number[] {
  const all = rows.flatMap((_, row) => columns.map((__, column) => at(row, column)))
  return [...new Set(all)].filter((position) => position >= 0)
}

/** The columns of each measure, one measure after the other. */
function columnsOf(model: StudyModel, measures: readonly Measure[], lines: readonly Line[]): Column[] {
  return measures.flatMap((measure) => {
    const name = measure === 'score' ? 'sum' : model.grid.perturbations[measure]!.heading
    return lines.map(({ key, levels }) => ({
      key: `${measure} ${key}`,
      levels: measures.length > 1 ? [name, ...levels] : levels,
      measure,
    }))
  })
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
  columns: readonly Column[],
  valueIn: (row: Line, column: Column) => number | null,
): Line[] {
  if (order === 'table') return [...rows]
  if (order === 'name') return [...rows].sort((a, b) => (a.levels.join() < b.levels.join() ? -1 : 1))
  const values = (row: Line) => columns.flatMap((column) => valueIn(row, column) ?? [])
  const key = (row: Line): number => {
    const column = columns.find((one) => order === `column ${one.key}`)
    if (column) return valueIn(row, column) ?? -1
    const own = values(row)
    if (own.length === 0) return -1
    return order === 'worst' ? Math.min(...own) : Math.max(...own)
  }
  const keyed = rows.map((row) => ({ row, value: key(row) }))
  return keyed.sort((a, b) => b.value - a.value).map(({ row }) => row)
}

/** By what the rows are sorted, in words. */
export function orderSentence({ order, columns, columnFactors }: Pivot): string {
  if (order === 'table') return 'in the order of the study file'
  if (order === 'name') return 'by name'
  if (order === 'best') return 'by the best number of each row, the highest first'
  if (order === 'worst') return 'by the worst number of each row, the highest first'
  const column = columns.find(({ key }) => order === `column ${key}`)
  const name = column && columnFactors.length > 0 ? column.levels.join(' · ') : 'the only column'
  return `by ${name}, the highest first`
}

/** Columns by which a menu offers to sort; that of the present order is there, wherever it stands. */
const offeredColumns = 200

/** The orders of rows, for a menu. */
export function orderOptions({ order, columns }: Pivot): (readonly [RowOrder, string])[] {
  const byColumn = columns
    .map(({ key, levels }) => [`column ${key}`, `by ${levels.join(' · ') || 'value'}`] as const)
    .filter(([name], i) => i < offeredColumns || name === order)
  return [
    ['table', 'as in the study'],
    ['name', 'by name'],
    ['best', 'by best number'],
    ['worst', 'by worst number'],
    ...byColumn,
  ]
}
