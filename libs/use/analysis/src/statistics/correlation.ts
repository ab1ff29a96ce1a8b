import { incompleteBeta } from '../distributions/incomplete-beta.ts'
import { deviations } from './moments.ts'
import { ranks } from './ranks.ts'

/** A correlation of pairs, with the p-value of no correlation. */
export interface Correlation {
  /** In [−1, 1]. */
  readonly r: number
  /** Two-sided. */
  readonly pValue: number
  /** The pairs that had both values. */
  readonly pairs: number
}

type Values = readonly (number | null)[]

/**
 * Spearman's rank correlation: Pearson's of the midranks, which is right with ties too (Kendall and Gibbons, 1990,
 * §3.8). Pairs with a missing value are left out. The p-value takes t = r √((n − 2) / (1 − r²)) for Student's with
 * n − 2 degrees of freedom, as SciPy does. Null where it is not defined: fewer than three pairs, or one side constant.
 */
export function spearman(x: Values, y: Values): Correlation | null {
  const [a, b] = completePairs(x, y)
  return correlationOf(Array.from(ranks(a, 'average')), Array.from(ranks(b, 'average')))
}

/** Spearman's correlation of every pair of columns, as a symmetric matrix. Columns without gaps are ranked once. */
export function spearmanMatrix(columns: readonly Values[]): (Correlation | null)[][] {
  const whole = columns.every((column) => !column.includes(null))
  const ranked = whole ? columns.map((column) => Array.from(ranks(column as readonly number[], 'average'))) : null
  const matrix: (Correlation | null)[][] = columns.map(() => [])
  columns.forEach((column, i) => {
    for (let j = i; j < columns.length; j++)
      matrix[i]![j] = matrix[j]![i] = ranked ? correlationOf(ranked[i]!, ranked[j]!) : spearman(column, columns[j]!)
  })
  return matrix
}

/** The two sides of the pairs that have both values. */
export function completePairs(x: Values, y: Values): [number[], number[]] {
  const a: number[] = []
  const b: number[] = []
  x.forEach((value, i) => {
    const other = y[i]
    if (value === null || other === null || other === undefined) return
    a.push(value)
    b.push(other)
  })
  return [a, b]
}

/** Pearson's correlation. */
function correlationOf(x: readonly number[], y: readonly number[]): Correlation | null {
  if (x.length < 3) return null
  const fromMeanY = deviations(y)
  let [xx, yy, xy] = [0, 0, 0]
  deviations(x).forEach((dx, i) => {
    const dy = fromMeanY[i]!
    xx += dx * dx
    yy += dy * dy
    xy += dx * dy
  })
  if (xx === 0 || yy === 0) return null
  const r = Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)))
  return { r, pValue: pValueOf(r, x.length), pairs: x.length }
}

/** P(|T| ≥ |t|) in terms of r itself: I with 1 − r² at ((n − 2) / 2, ½). */
function pValueOf(r: number, pairs: number): number {
  return incompleteBeta((1 - r) * (1 + r), r * r, (pairs - 2) / 2, 0.5).lower
}
