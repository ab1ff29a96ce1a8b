import { Misuse } from '../command-failed.ts'

/** The value of `--seed`. */
export function parseSeed(text: string): number {
  const seed = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(seed <= 4_294_967_295))
    throw new Misuse(`--seed is ${JSON.stringify(text)}; give a whole number from 0 to 4294967295.`)
  return seed
}
