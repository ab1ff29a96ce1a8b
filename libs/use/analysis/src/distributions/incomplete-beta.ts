import { logBeta } from './log-gamma.ts'
import { continuedFraction, type Tails } from './tails.ts'

/**
 * The regularised incomplete beta function I_x(a, b) (lower) and its complement I_y(b, a) (upper), for a, b > 0, by the
 * continued fraction DLMF 8.17.22 on the side where it converges. `y` is 1 − x, given apart because a tail near the
 * end of the interval needs its digits. Both tails keep their relative accuracy however small they are.
 */
export function incompleteBeta(x: number, y: number, a: number, b: number): Tails {
  if (x <= 0) return { lower: 0, upper: 1 }
  if (y <= 0) return { lower: 1, upper: 0 }
  if (x < (a + 1) / (a + b + 2)) {
    const lower = nearTail(x, y, a, b)
    return { lower, upper: 1 - lower }
  }
  const upper = nearTail(y, x, b, a)
  return { lower: 1 - upper, upper }
}

function nearTail(x: number, y: number, a: number, b: number): number {
  const factor = Math.exp(a * Math.log(x) + b * Math.log(y) - logBeta(a, b)) / a
  return factor / continuedFraction(1, (n) => [coefficient(n, x, a, b), 1])
}

/** dₙ of DLMF 8.17.23, times x. */
function coefficient(n: number, x: number, a: number, b: number): number {
  const m = Math.floor(n / 2)
  return n % 2 === 0
    ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
}
