import { Misuse } from '../command-failed.ts'

/** Reads a budget in device-hours, as seconds; null for `none`. */
export function parseHours(text: string): number | null {
  if (text === 'none') return null
  const hours = /^\d+(\.\d+)?h?$/.test(text) ? Number.parseFloat(text) : NaN
  if (hours > 0) return hours * 3_600
  throw new Misuse(`${JSON.stringify(text)} is no number of device-hours; give one above 0, such as 12.5, or none.`)
}
