import { stirlingError } from './log-gamma.ts'
import { normalDensity, normalUpperTail } from './normal.ts'
import { pointOfTail } from './root.ts'

/** Normal densities are 0 beyond, as far as a double can add them to anything. */
const reach = 8.5

/** Terms below this share of a sum no longer change it. */
const negligible = 2 ** -60

/**
 * P(W > w), as a function of w ≥ 0, for the range W of `groups` ≥ 2 independent standard normal variables:
 * ∫ k φ(z) (Φ(z)ᵏ⁻¹ − (Φ(z) − Φ(z − w))ᵏ⁻¹) dz, where z is the largest of them (Harter, Ann. Math. Stat. 31, 1960).
 * The difference of powers is taken by log1p and expm1, so that a small tail keeps its digits. The integrand is
 * analytic and falls like a normal density on both sides, where the trapezoidal rule converges exponentially
 * (Trefethen and Weideman, SIAM Review 56, 2014): better than Gauss–Legendre with as many points. Its width falls with
 * the square root of `groups`, and so does the step.
 */
function rangeUpperTail(groups: number): (w: number) => number {
  const step = 0.3 * Math.min(1, Math.sqrt(10 / groups))
  const half = Math.ceil(reach / step)
  const below = Array.from({ length: 2 * half + 1 }, (_, i) => normalUpperTail((half - i) * step))
  const weights = below.map((share, i) => normalDensity((i - half) * step) * share ** (groups - 1))
  return (w) => {
    if (w <= 0) return 1
    const first = Math.ceil(Math.max(-reach, w / 2 - reach) / step)
    const last = Math.floor(Math.max(reach, w / 2 + reach) / step)
    let sum = 0
    for (let i = first; i <= last; i++) {
      const outside = normalUpperTail(w - i * step) / (below[i + half] ?? 1)
      const lost = -Math.expm1((groups - 1) * Math.log1p(-Math.min(1, outside)))
      sum += (weights[i + half] ?? normalDensity(i * step)) * lost
    }
    return groups * step * sum
  }
}

/**
 * P(Q > q) for the studentized range Q: the range of `groups` normal variables over an independent estimate of their
 * deviation with `freedom` degrees of freedom; Infinity for a known deviation. The estimate s has the density of
 * √(χ²/ν); the integral runs over t = ln s, where both ends fall exponentially, from its mode outwards.
 */
export function studentizedRangeUpperTail(q: number, groups: number, freedom: number): number {
  if (q <= 0) return 1
  const range = rangeUpperTail(groups)
  if (freedom === Infinity) return range(q)
  const width = Math.min(0.06, 0.6 / Math.sqrt(2 * freedom))
  const constant = Math.LN2 + 0.5 * Math.log(freedom / (4 * Math.PI)) - stirlingError(freedom / 2)
  const term = (i: number) => {
    const t = i * width
    return Math.exp(constant + freedom * (t - Math.expm1(2 * t) / 2)) * range(q * Math.exp(t))
  }
  return Math.min(1, width * sumFromMode(term, startOfClimb(q, width)))
}

/** The q with P(Q > q) = p: the critical value of Tukey's and Nemenyi's tests. */
export function studentizedRangeUpperQuantile(p: number, groups: number, freedom: number): number {
  return pointOfTail((q) => studentizedRangeUpperTail(q, groups, freedom), p)
}

/** Where q s is at most 10, so that the range's tail is not 0 and the climb to the mode sees a slope. */
function startOfClimb(q: number, width: number): number {
  return Math.floor(Math.min(0, Math.log(10 / q)) / width)
}

/** The sum of a sequence with one peak: climbs to it from `start`, then adds both sides until they no longer matter. */
function sumFromMode(term: (i: number) => number, start: number): number {
  let mode = start
  let peak = term(mode)
  for (const direction of [1, -1]) {
    for (let next = term(mode + direction); next > peak; next = term(mode + direction)) {
      mode += direction
      peak = next
    }
  }
  let sum = peak
  for (const direction of [1, -1]) {
    for (let i = mode + direction; ; i += direction) {
      const value = term(i)
      sum += value
      if (value <= sum * negligible) break
    }
  }
  return sum
}
