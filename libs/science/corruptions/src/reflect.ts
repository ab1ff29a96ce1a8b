/**
 * The index of the value at `i`, where a row of `length` values is mirrored at the centres of its first and last one,
 * as d c b | a b c d | c b a.
 */
export function mirrorAtCenter(i: number, length: number): number {
  if (length === 1) return 0
  const period = 2 * (length - 1)
  const place = ((i % period) + period) % period
  return place < length ? place : period - place
}

/**
 * The index of the value at `i`, where a row of `length` values is mirrored at its edges, as c b a | a b c d | d c b.
 */
export function mirrorAtEdge(i: number, length: number): number {
  const period = 2 * length
  const place = ((i % period) + period) % period
  return place < length ? place : period - 1 - place
}
