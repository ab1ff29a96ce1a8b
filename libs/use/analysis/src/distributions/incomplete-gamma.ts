import { logGamma, stirlingError } from './log-gamma.ts'
import { continuedFraction, type Tails } from './tails.ts'

/**
 * The regularised incomplete gamma functions P(a, x) (lower) and Q(a, x) (upper), for a > 0, x ≥ 0: the series DLMF
 * 8.11.4 below the mean, the continued fraction DLMF 8.9.2 above it. The upper tail keeps its relative accuracy down to
 * the smallest numbers a double can hold.
 */
export function incompleteGamma(a: number, x: number): Tails {
  if (x <= 0) return { lower: 0, upper: 1 }
  if (x === Infinity) return { lower: 1, upper: 0 }
  const factor = Math.exp(logFactor(a, x))
  if (x < a + 1) {
    const lower = factor * powerSeries(a, x)
    return { lower, upper: 1 - lower }
  }
  const upper = factor / continuedFraction(x + 1 - a, (n) => [-n * (n - a), x + 2 * n + 1 - a])
  return { lower: 1 - upper, upper }
}

/** ln (xᵃ e⁻ˣ / Γ(a)); by Stirling's series where a is large, since the three terms would cancel. */
function logFactor(a: number, x: number): number {
  if (a < 12) return a * Math.log(x) - x - logGamma(a)
  const excess = (x - a) / a
  return a * (Math.log1p(excess) - excess) + 0.5 * Math.log(a / (2 * Math.PI)) - stirlingError(a)
}

/** Σ xⁿ / (a (a + 1) … (a + n)). */
function powerSeries(a: number, x: number): number {
  let term = 1 / a
  let sum = term
  for (let n = 1; term > sum * 2 ** -54; n++) {
    term *= x / (a + n)
    sum += term
  }
  return sum
}
