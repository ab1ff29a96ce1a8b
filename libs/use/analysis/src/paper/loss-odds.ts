import { holm } from '../statistics/adjusted-p-values.ts'
import { grouped } from '../statistics/moments.ts'
import { fisherExactTest } from '../statistics/odds-ratio.ts'
import { signTest } from '../statistics/paired-outcomes.ts'
import { clopperPearsonInterval } from '../statistics/proportion-intervals.ts'
import type { ScoredConfiguration } from './rank.ts'
import { levelOf, type FactorName } from './study-row.ts'
import type { ScoreName } from './score-columns.ts'

/** Two losses compared over the backbones of a group. */
export interface LossOdds {
  readonly by: ScoreName
  /** Null for all backbones. */
  readonly factor: Exclude<FactorName, 'loss'> | null
  readonly level: string
  /** Backbones whose score is higher with the challenger. */
  readonly wins: number
  readonly losses: number
  /** Left out of odds and tests. */
  readonly ties: number
  /** wins / losses; null where there is no loss, which is infinite odds, or nothing to compare. */
  readonly odds: number | null
  /** From Clopper and Pearson's interval of the share of wins; null for an infinite end, or where all are ties. */
  readonly interval: readonly [number, number | null] | null
  /** Exact sign test, two-sided: of even odds. */
  readonly pValue: number
  /** Holm's adjustment over the levels of the factor. */
  readonly adjustedPValue: number
  /** As the authors' pipeline has it, for comparison with the paper. */
  readonly published: PublishedOdds
}

/**
 * `paper_figure5` of the authors' pipeline: Fisher's exact test of the table [[wins, losses], [losses, wins]], whose
 * odds ratio is the square of the odds. Every backbone stands in it twice, so its p-value is too small.
 */
export interface PublishedOdds {
  /** (wins / losses)²; null where it is infinite or not defined. */
  readonly oddsRatio: number | null
  readonly pValue: number
}

const groupings = ['size', 'type', 'strategy'] as const

/**
 * The odds that one loss beats another on the same backbone: study.md, "Loss switch". Backbones are the pairs, so the
 * exact sign test is taken; the authors' mirrored table is given beside it. study.md compares Borda, the authors'
 * notebook the sum: callers choose `by`.
 */
export function lossOdds(
  ranked: readonly ScoredConfiguration[],
  by: ScoreName,
  { challenger = 'TRADES', baseline = 'Classic AT' } = {},
): LossOdds[] {
  const pairs = [...grouped(ranked, ({ backbone }) => backbone).values()].flatMap((items) => {
    const [first, second] = [challenger, baseline].map((loss) => items.find((item) => item.loss === loss))
    return first && second ? [{ item: first, difference: first[by] - second[by] }] : []
  })
  const oddsOf = (factor: LossOdds['factor'], level: string, members: typeof pairs) =>
    comparison(
      by,
      factor,
      level,
      members.map(({ difference }) => difference),
    )
  const byFactor = groupings.flatMap((factor) => {
    const known = pairs.filter(({ item }) => levelOf(item, factor) !== null)
    const levels = grouped(known, ({ item }) => levelOf(item, factor)!)
    return withHolm([...levels].map(([level, members]) => oddsOf(factor, level, members)))
  })
  return [...withHolm([oddsOf(null, 'all', pairs)]), ...byFactor]
}

function comparison(
  by: ScoreName,
  factor: LossOdds['factor'],
  level: string,
  differences: readonly number[],
): Omit<LossOdds, 'adjustedPValue'> {
  const wins = differences.filter((difference) => difference > 0).length
  const losses = differences.filter((difference) => difference < 0).length
  const mirrored = { groupYes: wins, groupNo: losses, othersYes: losses, othersNo: wins }
  const odds = losses > 0 ? wins / losses : null
  return {
    by,
    factor,
    level,
    wins,
    losses,
    ties: differences.length - wins - losses,
    odds,
    interval: oddsInterval(wins, losses),
    pValue: signTest(wins, losses),
    published: { oddsRatio: odds === null ? null : odds ** 2, pValue: fisherExactTest(mirrored) },
  }
}

function oddsInterval(wins: number, losses: number): LossOdds['interval'] {
  if (wins + losses === 0) return null
  const [low, high] = clopperPearsonInterval({ correct: wins, total: wins + losses })
  return [low / (1 - low), high === 1 ? null : high / (1 - high)]
}

function withHolm(comparisons: readonly Omit<LossOdds, 'adjustedPValue'>[]): LossOdds[] {
  const adjusted = holm(comparisons.map(({ pValue }) => pValue))
  return comparisons.map((comparison, i) => ({ ...comparison, adjustedPValue: adjusted[i]! }))
}
