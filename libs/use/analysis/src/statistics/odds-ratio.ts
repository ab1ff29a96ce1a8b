import { hypergeometric } from '../distributions/discrete.ts'
import { normalUpperQuantile, normalUpperTail } from '../distributions/normal.ts'

/** A 2 × 2 table of counts: rows are groups, columns are whether something happened. */
export interface TwoByTwo {
  readonly groupYes: number
  readonly groupNo: number
  readonly othersYes: number
  readonly othersNo: number
}

/** An odds ratio with Wald's 95 % interval and p-value on the logarithm. */
export interface WaldOddsRatio {
  readonly oddsRatio: number
  readonly interval: readonly [number, number]
  /** Two-sided, of an odds ratio of 1. */
  readonly pValue: number
}

/**
 * The odds ratio of a table with Wald's test: ln OR over √(Σ 1/count) is standard normal (Woolf 1955). Where a count is
 * 0, ½ is added to all four (Haldane 1956; Anscombe 1956). statsmodels' Table2x2, which the authors' pipeline calls,
 * documents the same and adds it to the zeros only. Null where a row or a column is empty.
 */
export function waldOddsRatio(table: TwoByTwo): WaldOddsRatio | null {
  if (hasEmptyMargin(table)) return null
  const counts = [table.groupYes, table.groupNo, table.othersYes, table.othersNo]
  const [a, b, c, d] = counts.map((count) => (counts.includes(0) ? count + 0.5 : count)) as [
    number,
    number,
    number,
    number,
  ]
  const logOdds = Math.log((a * d) / (b * c))
  const error = Math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
  const spread = normalUpperQuantile((1 - 0.95) / 2) * error
  return {
    oddsRatio: Math.exp(logOdds),
    interval: [Math.exp(logOdds - spread), Math.exp(logOdds + spread)],
    pValue: 2 * normalUpperTail(Math.abs(logOdds) / error),
  }
}

/** How much two tables' probabilities may differ and still count as equal; rounding must not decide. */
const equality = 1 + 1e-7

/**
 * Fisher's exact test of a table, two-sided: the probability, given the margins, of tables that are no likelier than
 * this one (R's and SciPy's definition).
 */
export function fisherExactTest({ groupYes, groupNo, othersYes, othersNo }: TwoByTwo): number {
  const total = groupYes + groupNo + othersYes + othersNo
  const { first, probabilities } = hypergeometric(total, groupYes + groupNo, groupYes + othersYes)
  const limit = probabilities[groupYes - first]! * equality
  const sum = probabilities.filter((probability) => probability <= limit).reduce((a, b) => a + b, 0)
  return Math.min(1, sum)
}

function hasEmptyMargin({ groupYes, groupNo, othersYes, othersNo }: TwoByTwo): boolean {
  return [groupYes + groupNo, othersYes + othersNo, groupYes + othersYes, groupNo + othersNo].includes(0)
}
