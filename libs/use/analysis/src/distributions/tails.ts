/** Both tails of a distribution at a point. They add to 1; the small one is computed, not subtracted. */
export interface Tails {
  /** P(X ≤ x). */
  readonly lower: number
  /** P(X > x). */
  readonly upper: number
}

/**
 * A continued fraction b₀ + a₁/(b₁ + a₂/(b₂ + …)) by the modified method of Lentz (Thompson and Barnett, J. Comput.
 * Phys. 64, 1986). `term(n)` gives [aₙ, bₙ] for n ≥ 1. The iteration ends where a factor is 1 to the last bit; a
 * fraction that needs more than a million terms is of arguments nobody tests with, and is an error.
 */
export function continuedFraction(start: number, term: (n: number) => readonly [number, number]): number {
  const tiny = 1e-300
  let value = start === 0 ? tiny : start
  let numerator = value
  let denominator = 0
  for (let n = 1; n < 1e6; n++) {
    const [a, b] = term(n)
    denominator = b + a * denominator || tiny
    numerator = b + a / numerator || tiny
    denominator = 1 / denominator
    const factor = numerator * denominator
    value *= factor
    if (Math.abs(factor - 1) < 2 ** -52) return value
  }
  throw new RangeError('A continued fraction did not settle within a million terms; its arguments are too large.')
}
