import { grouped } from '../statistics/moments.ts'
import { waldOddsRatio, type WaldOddsRatio } from '../statistics/odds-ratio.ts'
import type { ScoredConfiguration } from './rank.ts'
import { levelOf, type FactorName } from './study-row.ts'

/** How much likelier configurations of a level are to be in the top tier of their size class than the others of it. */
export interface TierOdds {
  readonly size: string
  readonly factor: Exclude<FactorName, 'size'>
  readonly level: string
  readonly inTier: number
  readonly notInTier: number
  /** Null where all of the class have the level, or all or none are in the tier. */
  readonly odds: WaldOddsRatio | null
}

/** The share of a size class that makes its top tier, in the authors' pipeline (`load_results_table_fft50`). */
const tierShare = 0.33

/**
 * Odds ratios of the top tier: in each size class the ⌈0.33 n⌉ configurations with the highest sum (the score that the
 * authors' pipeline takes), and for each type, loss and strategy the odds of being among them over those of the rest,
 * by Wald's test on the logarithm with ½ added where a count is 0. Ties at the edge go by the order of the ranking.
 */
export function tierOdds(ranked: readonly ScoredConfiguration[]): TierOdds[] {
  const classes = grouped(
    ranked.filter(({ size }) => size !== null),
    ({ size }) => size!,
  )
  return [...classes].flatMap(([size, members]) => {
    const bySum = members.toSorted((a, b) => b.sum - a.sum)
    const tier = new Set(bySum.slice(0, Math.ceil(tierShare * members.length)))
    return (['type', 'loss', 'strategy'] as const).flatMap((factor) => {
      const known = members.filter((item) => levelOf(item, factor) !== null)
      const levels = grouped(known, (item) => levelOf(item, factor)!)
      return [...levels].map(([level, items]) => {
        const inTier = items.filter((item) => tier.has(item)).length
        const othersIn = known.filter((item) => tier.has(item)).length - inTier
        const others = known.length - items.length
        const table = {
          groupYes: inTier,
          groupNo: items.length - inTier,
          othersYes: othersIn,
          othersNo: others - othersIn,
        }
        return { size, factor, level, inTier, notInTier: table.groupNo, odds: waldOddsRatio(table) }
      })
    })
  })
}
