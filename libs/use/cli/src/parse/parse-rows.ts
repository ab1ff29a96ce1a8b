import type { RowRange } from '@gauntlet/ledger'
import { Misuse } from '../command-failed.ts'

/** The value of `--rows`: `1-500`, a single row, or null for `all`. */
export function parseRows(text: string): RowRange | null {
  if (text === 'all') return null
  const [, from, to] = /^([1-9]\d{0,8})(?:-([1-9]\d{0,8}))?$/.exec(text) ?? []
  const range = { first: Number(from), last: Number(to ?? from) }
  if (range.first <= range.last) return range
  throw new Misuse(`--rows is ${JSON.stringify(text)}; give a row, a range such as 1-500, or all.`)
}
