import { tTwoSided, tTwoSidedQuantile } from '../distributions/continuous.ts'
import { completePairs } from './correlation.ts'
import { deviations, mean } from './moments.ts'

/** A coefficient of a regression with its standard error and interval. */
export interface Coefficient {
  readonly value: number
  readonly standardError: number
  readonly interval: readonly [number, number]
}

/** The line y = intercept + slope x that least squares fits. */
export interface LinearRegression {
  readonly slope: Coefficient
  readonly intercept: Coefficient
  /** The share of the variance of y that the line explains. */
  readonly rSquared: number
  /** Two-sided, of no slope; 0 where the points lie on the line. */
  readonly pValue: number
  readonly pairs: number
}

/**
 * Ordinary least squares of y on x (Draper and Smith, 1998, ch. 1), with intervals by Student's t with n − 2 degrees of
 * freedom. Pairs with a missing value are left out. Null where it is not defined: below three pairs, or constant x.
 */
export function linearRegression(
  x: readonly (number | null)[],
  y: readonly (number | null)[],
  confidence = 0.95,
): LinearRegression | null {
  const [a, b] = completePairs(x, y)
  if (a.length < 3) return null
  const [meanX, meanY] = [mean(a), mean(b)]
  const [fromMeanX, fromMeanY] = [deviations(a), deviations(b)]
  const sumOver = (term: (dx: number, dy: number) => number) =>
    fromMeanX.reduce((sum, dx, i) => sum + term(dx, fromMeanY[i]!), 0)
  const xx = sumOver((dx) => dx * dx)
  if (xx === 0) return null
  const slope = sumOver((dx, dy) => dx * dy) / xx
  const total = sumOver((_, dy) => dy * dy)
  const residual = sumOver((dx, dy) => (dy - slope * dx) ** 2)
  const freedom = a.length - 2
  const slopeError = Math.sqrt(residual / freedom / xx)
  const width = tTwoSidedQuantile(1 - confidence, freedom)
  const coefficient = (value: number, standardError: number): Coefficient => ({
    value,
    standardError,
    interval: [value - width * standardError, value + width * standardError],
  })
  return {
    slope: coefficient(slope, slopeError),
    intercept: coefficient(meanY - slope * meanX, slopeError * Math.sqrt(xx / a.length + meanX ** 2)),
    rSquared: total === 0 ? 0 : 1 - residual / total,
    pValue: slope === 0 ? 1 : tTwoSided(slope / slopeError, freedom),
    pairs: a.length,
  }
}
