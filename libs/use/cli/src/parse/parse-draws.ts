import { Misuse } from '../command-failed.ts'

/** Draws of a bootstrap: a whole number from 1 to 100,000. */
export function parseDraws(text: string): number {
  const draws = Number(text)
  if (/^\d+$/.test(text) && draws >= 1 && draws <= 100_000) return draws
  throw new Misuse(`--draws is ${JSON.stringify(text)}; give a whole number from 1 to 100000, such as 2000.`)
}
