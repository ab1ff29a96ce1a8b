/** What equals share: the least of their ranks (competition ranking), or the mean of them (midranks). */
export type TieRule = 'min' | 'average'

/** The ranks of numbers from the smallest, 1, to the largest. Numbers must not be NaN. O(n log n). */
export function ranks(values: ArrayLike<number>, ties: TieRule): Float64Array {
  const order = Array.from(values, (_, i) => i).sort((a, b) => values[a]! - values[b]!)
  const found = new Float64Array(values.length)
  for (let start = 0; start < order.length;) {
    let end = start + 1
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++
    const rank = ties === 'min' ? start + 1 : (start + 1 + end) / 2
    for (let i = start; i < end; i++) found[order[i]!] = rank
    start = end
  }
  return found
}

/** The ranks from the largest, 1, to the smallest; equals share the better one. */
export function ranksFromTop(values: ArrayLike<number>): Float64Array {
  return ranks(
    Float64Array.from(values, (value) => -value),
    'min',
  )
}
