import { Misuse } from '../command-failed.ts'

/** The value of `--epsilon`: a number, or a fraction such as 4/255. */
export function parseEpsilon(text: string): number {
  const [, above, below = '1'] = /^(\d*\.?\d+(?:e-?\d+)?)(?:\/(\d+))?$/i.exec(text) ?? []
  const epsilon = Number(above) / Number(below)
  if (!(Number.isFinite(epsilon) && epsilon >= 0))
    throw new Misuse(`--epsilon is ${JSON.stringify(text)}; give a number of at least 0, such as 0.5 or 4/255.`)
  return epsilon
}
