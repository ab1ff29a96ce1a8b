import { pValueText } from '@gauntlet/analysis'
import { idOf } from '../html/escape.ts'

/** A cell of a table: what is shown, and the number behind it at full precision where it is one. */
export interface Cell {
  readonly text: string
  readonly number?: number
  /** The anchor of the row that says where the number came from. */
  readonly origin?: string
  /** Where the number is from, in words or as a digest, for tables of numbers. */
  readonly source?: string
}

/** A column of a table. */
export interface Column {
  /** Part of the keys of its numbers. */
  readonly key: string
  readonly heading: string
  readonly isNumeric?: boolean
}

/** A row of a table; its first cell names it. */
export interface Row {
  /** Part of the keys of its numbers. */
  readonly key: string
  readonly cells: readonly Cell[]
  /** The id by which links find the row. */
  readonly anchor?: string
}

/** A table of a report, before it becomes text, HTML or LaTeX. */
export interface Table {
  /** Part of the keys of its numbers: the protocol where it is of one, and what it is about. */
  readonly id: string
  readonly title: string
  /** How to read it; sentences. */
  readonly note?: string
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
}

/** A cell of words. */
export function words(text: string | null | undefined): Cell {
  return { text: text ?? '–' }
}

/** The anchor of the first number of a configuration in the table of every number. */
export function cellsAnchor(protocol: string, backbone: string, loss: string): string {
  return idOf('cells', protocol, backbone, loss)
}

/** A cell of a whole number or an exact value. */
export function exact(number: number | null | undefined): Cell {
  return number == null ? { text: '–' } : { text: String(number), number }
}

/** A cell of a number to some decimals. */
export function decimals(number: number | null | undefined, places: number): Cell {
  return number == null ? { text: '–' } : { text: signed(number.toFixed(places)), number }
}

/** A cell of an accuracy in percent. */
export function percentage(number: number | null | undefined): Cell {
  return number == null ? { text: '–' } : { text: signed((100 * number).toFixed(1)), number }
}

/** A cell of a p-value. */
export function pValue(number: number | null | undefined): Cell {
  return number == null ? { text: '–' } : { text: pValueText(number), number }
}

/** A cell of an interval; an end of null is infinite. */
export function interval(
  ends: readonly [number, number | null] | null | undefined,
  show: (end: number) => string,
): Cell {
  if (!ends) return { text: '–' }
  return { text: `${signed(show(ends[0]))} to ${ends[1] === null ? '∞' : signed(show(ends[1]))}` }
}

/** With a minus sign in place of a hyphen. */
function signed(text: string): string {
  return text.replace(/^-/, '−')
}
