import { incompleteBeta } from './incomplete-beta.ts'
import { logChoose } from './log-gamma.ts'

/** P(X ≤ k) of the binomial distribution, exact in its tail (DLMF 8.17.5). */
export function binomialLowerTail(k: number, n: number, p: number): number {
  if (k < 0) return 0
  return k >= n ? 1 : incompleteBeta(p, 1 - p, k + 1, n - k).upper
}

/** P(X ≥ k) of the binomial distribution, exact in its tail. */
export function binomialUpperTail(k: number, n: number, p: number): number {
  if (k <= 0) return 1
  return k > n ? 0 : incompleteBeta(p, 1 - p, k, n - k + 1).lower
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

/**
 * The distribution of Wilcoxon's signed-rank statistic, the sum of the ranks with a positive sign, when every sign is
 * as likely as its opposite: `probabilities[s]` belongs to twice the statistic = s, since ranks of ties end in ½.
 * Exact with ties too, because it takes the ranks as they are. O(n³) time.
 */
export function signedRankDistribution(ranks: readonly number[]): Float64Array {
  const doubled = ranks.map((rank) => Math.round(2 * rank))
  const probabilities = new Float64Array(doubled.reduce((sum, rank) => sum + rank, 0) + 1)
  probabilities[0] = 1
  let reached = 0
  for (const rank of doubled) {
    reached += rank
    for (let s = reached; s >= 0; s--)
      probabilities[s] = (probabilities[s]! + (s >= rank ? probabilities[s - rank]! : 0)) / 2
  }
  return probabilities
}
