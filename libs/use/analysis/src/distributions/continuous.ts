import { incompleteBeta } from './incomplete-beta.ts'
import { pointOfTail, rootBetween } from './root.ts'
import type { Tails } from './tails.ts'

/** The two tails of Fisher's F at f ≥ 0 (Abramowitz and Stegun 26.6.2). */
export function fTails(f: number, numerator: number, denominator: number): Tails {
  if (f === Infinity) return { lower: 1, upper: 0 }
  const scale = numerator * f + denominator
  return incompleteBeta((numerator * f) / scale, denominator / scale, numerator / 2, denominator / 2)
}

/** P(|T| > |t|) of Student's t (Abramowitz and Stegun 26.7.1). */
export function tTwoSided(t: number, freedom: number): number {
  const square = t * t
  if (square === Infinity) return 0
  return incompleteBeta(freedom / (freedom + square), square / (freedom + square), freedom / 2, 0.5).lower
}

/** The t > 0 with P(|T| > t) = p, for p in (0, 1): half the width of an interval, in standard errors. */
export function tTwoSidedQuantile(p: number, freedom: number): number {
  return pointOfTail((t) => tTwoSided(t, freedom), p)
}

/** The x in [0, 1] with I_x(a, b) = p, for p in (0, 1). */
export function betaQuantile(p: number, a: number, b: number): number {
  return rootBetween((x) => incompleteBeta(x, 1 - x, a, b).lower - p, 0, 1)
}
