import { studentizedRangeUpperQuantile, studentizedRangeUpperTail } from '../distributions/studentized-range.ts'
import { letterDisplay } from './letter-display.ts'
import { mean, sumOfSquares } from './moments.ts'

/** Two groups compared by Tukey's test. */
export interface TukeyPair {
  readonly first: string
  readonly second: string
  /** Mean of the first minus mean of the second. */
  readonly difference: number
  /** Simultaneous over all pairs, at 1 − significance. */
  readonly interval: readonly [number, number]
  /** Adjusted for all pairs. */
  readonly pValue: number
}

/** Tukey's test of all pairs of groups. */
export interface TukeyTest {
  /** The highest mean first, each group with the letters that it shares with those it does not differ from. */
  readonly groups: readonly { readonly level: string; readonly mean: number; readonly letters: string }[]
  readonly pairs: readonly TukeyPair[]
}

/**
 * Tukey's honestly significant differences, by Tukey and Kramer where groups differ in size (Kramer, Biometrics 12,
 * 1956; Hayter 1984 for its validity): q = |difference| / √(½ s² (1/nᵢ + 1/nⱼ)) against the studentized range. Null
 * where it is not defined: fewer than two groups, no residual degree of freedom, or no variance inside groups.
 */
export function tukeyTest(groups: ReadonlyMap<string, readonly number[]>, significance: number): TukeyTest | null {
  const sorted = [...groups]
    .filter(([, values]) => values.length > 0)
    .map(([level, values]) => ({ level, values, mean: mean(values) }))
    .sort((a, b) => b.mean - a.mean)
  const freedom = sorted.reduce((sum, { values }) => sum + values.length - 1, 0)
  const variance = sorted.reduce((sum, { values }) => sum + sumOfSquares(values), 0) / freedom
  if (sorted.length < 2 || freedom < 1 || variance === 0) return null
  const critical = studentizedRangeUpperQuantile(significance, sorted.length, freedom)
  const compare = (i: number, j: number): TukeyPair => {
    const [first, second] = [sorted[i]!, sorted[j]!]
    const difference = first.mean - second.mean
    const error = Math.sqrt((variance / 2) * (1 / first.values.length + 1 / second.values.length))
    return {
      first: first.level,
      second: second.level,
      difference,
      interval: [difference - critical * error, difference + critical * error],
      pValue: studentizedRangeUpperTail(Math.abs(difference) / error, sorted.length, freedom),
    }
  }
  const table = sorted.map((_, i) => sorted.map((_, j) => (i < j ? compare(i, j) : null)))
  const letters = letterDisplay(sorted.length, (i, j) => table[i]![j]!.pValue < significance)
  return {
    groups: sorted.map(({ level, mean }, i) => ({ level, mean, letters: letters[i]! })),
    pairs: table.flat().filter((pair) => pair !== null),
  }
}
