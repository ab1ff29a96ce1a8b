import { Misuse } from '../command-failed.ts'
import { parseHours } from './parse-hours.ts'

/** The option that limits the cost of a study. */
export const budgetOption = [
  '--budget <hours>',
  'device-hours after which it pauses, or none (default: the budget that it has; a new study has none)',
  parseHours,
] as const

/** The option that names the pools of a study. */
export const poolOption = [
  '--pool <a,b>',
  'pools on which it runs: declared ones (npx gauntlet pool list), or one that nobody declared (default: GAUNTLET_POOL)',
] as const

/** The option for the share of a study. */
export const weightOption = [
  '--weight <n>',
  'its share of the device time beside other studies, from 0.1 to 10: with 3, three times that of a study with 1 (default: 1)',
  parseWeight,
] as const

/** What is said where these options concern a study that runs already; null where neither is given. */
export function ignoredShare(
  study: string,
  { pool, weight }: { readonly pool: string | undefined; readonly weight: number | undefined },
): string | null {
  const given = [...(pool === undefined ? [] : ['--pool']), ...(weight === undefined ? [] : ['--weight'])].join(' and ')
  if (given === '') return null
  return `${study} runs already and keeps the pools and the weight that it was started with; for ${given} to count, end it with npx gauntlet cancel and start it again, which keeps what is finished.`
}

/** Reads a share, from 0.1 to 10. */
function parseWeight(text: string): number {
  const weight = Number(text)
  if (weight >= 0.1 && weight <= 10) return weight
  throw new Misuse(`--weight is ${JSON.stringify(text)}; give a number from 0.1 to 10.`)
}
