import { Misuse } from '../command-failed.ts'

/** Reads a time, as seconds: `90s`, `5m`, `4h`. */
export function parseSeconds(text: string): number {
  const [, number, unit] = /^(\d{1,6})(s|m|h)$/.exec(text) ?? []
  const seconds = Number(number) * (unit === 'h' ? 3_600 : unit === 'm' ? 60 : 1)
  if (seconds > 0) return seconds
  throw new Misuse(`${JSON.stringify(text)} is no time; give one such as 90s, 5m or 4h.`)
}
