import { binomialLowerTail } from '../distributions/discrete.ts'
import { wilsonInterval } from './proportion-intervals.ts'

/** The outcomes of two models on the same images. */
export interface PairedCounts {
  readonly bothHeld: number
  readonly onlyFirst: number
  readonly onlySecond: number
  readonly neither: number
}

/** Two models compared on the same images. */
export interface PairedComparison {
  /** Accuracy of the first minus accuracy of the second. */
  readonly difference: number
  readonly interval: readonly [number, number]
  /** Exact, two-sided (McNemar). */
  readonly pValue: number
}

/** Do two models differ on the images that both judged? The counts must not all be 0. */
export function comparePaired(counts: PairedCounts): PairedComparison {
  const images = counts.bothHeld + counts.onlyFirst + counts.onlySecond + counts.neither
  return {
    difference: (counts.onlyFirst - counts.onlySecond) / images,
    interval: pairedDifferenceInterval(counts),
    pValue: signTest(counts.onlyFirst, counts.onlySecond),
  }
}

/**
 * The exact two-sided sign test of `wins` against `losses`; ties are left out. Over the images on which two models
 * disagree it is McNemar's exact test: twice the smaller tail of the binomial distribution with p = ½, at most 1.
 */
export function signTest(wins: number, losses: number): number {
  return Math.min(1, 2 * binomialLowerTail(Math.min(wins, losses), wins + losses, 0.5))
}

/**
 * The 95 % interval of a paired difference of proportions by Newcombe's method 10 (Statistics in Medicine 17, 1998,
 * 2635): the Wilson intervals of both, combined by the correlation φ of the pairs, whose numerator is corrected for
 * continuity where it is positive.
 */
export function pairedDifferenceInterval(counts: PairedCounts): readonly [number, number] {
  const { bothHeld, onlyFirst, onlySecond, neither } = counts
  const total = bothHeld + onlyFirst + onlySecond + neither
  const ends = (correct: number) => {
    const [low, high] = wilsonInterval({ correct, total })
    return { down: correct / total - low, up: high - correct / total }
  }
  const first = ends(bothHeld + onlyFirst)
  const second = ends(bothHeld + onlySecond)
  const phi = correctedPhi(counts, total)
  const reach = (a: number, b: number) => Math.sqrt(a * a - 2 * phi * a * b + b * b)
  const difference = (onlyFirst - onlySecond) / total
  return [difference - reach(first.down, second.up), difference + reach(first.up, second.down)]
}

function correctedPhi({ bothHeld, onlyFirst, onlySecond, neither }: PairedCounts, total: number): number {
  const margins = (bothHeld + onlyFirst) * (onlySecond + neither) * (bothHeld + onlySecond) * (onlyFirst + neither)
  if (margins === 0) return 0
  const determinant = bothHeld * neither - onlyFirst * onlySecond
  const corrected = determinant > 0 ? Math.max(0, determinant - total / 2) : determinant
  return corrected / Math.sqrt(margins)
}
