import { ranks } from '../statistics/ranks.ts'

/** What configurations are ranked by. */
export type ScoreName = 'borda' | 'sum' | 'geometric'

/** Accuracies under one perturbation on one dataset, one a configuration. */
type Column = ArrayLike<number>

/**
 * The scores of configurations from their accuracies, as [dataset][perturbation] columns with one number a
 * configuration (study.md, "The analysis"; `process_rankings` of the authors' pipeline):
 *
 * - `sum`: the accuracies added, over perturbations and datasets;
 * - `geometric`: the accuracies of a dataset multiplied, the products added over datasets;
 * - `borda`: in each column configurations are ranked from the lowest accuracy, 1, equals sharing the least rank; the
 *   ranks are added over perturbations and datasets.
 *
 * Higher is better in all three. Accuracies and scores that differ by rounding alone are equal, so that the order of
 * additions never decides a rank.
 */
export function scoreColumns(datasets: readonly (readonly Column[])[], by: ScoreName): Float64Array {
  const total = new Float64Array(datasets[0]?.[0]?.length ?? 0)
  for (const columns of datasets) {
    const points = pointsOf[by](columns)
    for (let i = 0; i < total.length; i++) total[i]! += points(i)
  }
  return total.map(settled)
}

/** For each score, what a configuration gets for one dataset. */
const pointsOf: Readonly<Record<ScoreName, (columns: readonly Column[]) => (configuration: number) => number>> = {
  sum: (columns) => (i) => columns.reduce((sum, column) => sum + column[i]!, 0),
  geometric: (columns) => (i) => columns.reduce((product, column) => product * column[i]!, 1),
  borda: (columns) => {
    const ranked = columns.map((column) => ranks(Float64Array.from(column, settled), 'min'))
    return (i) => ranked.reduce((sum, column) => sum + column[i]!, 0)
  },
}

/** To 12 decimals: counts over up to a million images stay apart, rounding errors do not. */
export function settled(value: number): number {
  return Math.round(value * 1e12) / 1e12
}
