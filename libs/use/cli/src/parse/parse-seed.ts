import { Misuse } from '../command-failed.ts'

/** The value of `--seed`, or of another option that is a seed. */
export function parseSeed(text: string, option = '--seed'): number {
  const seed = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(seed <= 4_294_967_295))
    throw new Misuse(`${option} is ${JSON.stringify(text)}; give a whole number from 0 to 4294967295.`)
  return seed
}
