import { incompleteBeta } from './incomplete-beta.ts'
import { logChoose } from './log-gamma.ts'

/** P(X ≤ k) of the binomial distribution, exact in its tail (DLMF 8.17.5). */
export function binomialLowerTail(k: number, n: number, p: number): number {
  if (k < 0) return 0
  return k >= n ? 1 : incompleteBeta(p, 1 - p, k + 1, n - k).upper
}

/**
 * The hypergeometric probabilities of a 2 × 2 table with fixed margins: of `drawn` things out of `total`, of which
 * `marked` are marked, k are marked. `probabilities[i]` belongs to k = first + i.
 */
export function hypergeometric(
  total: number,
  marked: number,
  drawn: number,
): { readonly first: number; readonly probabilities: readonly number[] } {
  const first = Math.max(0, drawn + marked - total)
  const last = Math.min(drawn, marked)
  const all = logChoose(total, drawn)
  const probabilities = Array.from({ length: last - first + 1 }, (_, i) =>
    Math.exp(logChoose(marked, first + i) + logChoose(total - marked, drawn - first - i) - all),
  )
  return { first, probabilities }
}
