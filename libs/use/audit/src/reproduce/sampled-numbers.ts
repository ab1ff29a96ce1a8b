import { digestOf, type Digest } from '@gauntlet/study'

/**
 * A share of some numbers, in (0, 1], at least one of them: the same ones however often they are drawn with one seed,
 * and each with the same chance.
 */
export function sampledNumbers(measurementIds: readonly Digest[], share: number, seed: number): Digest[] {
  const count = Math.max(1, Math.round(share * measurementIds.length))
  const drawn = measurementIds.map((id) => [digestOf({ seed, id }), id] as const)
  const chosen = new Set(
    drawn
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, count)
      .map(([, id]) => id),
  )
  return measurementIds.filter((id) => chosen.has(id))
}
