import type { EvaluationFlag } from '@gauntlet/study'
import { flagMeaning } from './flag-sentence.ts'
import { settled } from './paper/score-columns.ts'
import { scores, type Scores } from './scores.ts'

/** A number of a configuration with the reasons to doubt it. */
export interface FlaggedCount {
  readonly correct: number
  readonly total: number
  readonly flags: readonly EvaluationFlag[]
}

/** Where a configuration stands among others. */
export interface Standing {
  /**
   * By the sum of the accuracies, from 1; equals share the better one. Null where a number is missing or must not be
   * ranked.
   */
  readonly rank: number | null
  readonly scores: Scores | null
  /**
   * Why a number must not be ranked, for each that must not: `count` is its place among the configuration's numbers,
   * from 0.
   */
  readonly refusals: readonly { readonly count: number; readonly reason: string }[]
}

/**
 * Ranks configurations, each by the numbers of all its perturbations. One number that a flag refuses, and the
 * configuration has neither scores nor rank. Sums that differ by rounding alone are equal, as in `scoreColumns`.
 */
export function standings(configurations: readonly (readonly (FlaggedCount | null)[])[]): Standing[] {
  const judged = configurations.map((counts) => {
    const refusals = counts.flatMap((count, i) => refusalsOf(count).map((reason) => ({ count: i, reason })))
    return { refusals, scores: refusals.length > 0 ? null : scores(counts) }
  })
  const sums = judged.flatMap(({ scores }) => (scores ? [settled(scores.sum)] : [])).sort((a, b) => b - a)
  const ranks = new Map<number, number>()
  sums.forEach((sum, better) => ranks.has(sum) || ranks.set(sum, better + 1))
  return judged.map((one) => ({ ...one, rank: one.scores ? ranks.get(settled(one.scores.sum))! : null }))
}

function refusalsOf(count: FlaggedCount | null): string[] {
  return (count?.flags ?? []).filter(({ policy }) => policy === 'refuse').map(flagMeaning)
}
