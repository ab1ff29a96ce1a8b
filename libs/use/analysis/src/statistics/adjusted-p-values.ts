/**
 * P-values adjusted by Holm's step-down method (Scand. J. Statist. 6, 1979), in the order given: what stays below α
 * may be claimed, and the probability of even one false claim is at most α.
 */
export function holm(pValues: readonly number[]): number[] {
  return adjusted(
    pValues,
    (a, b) => a - b,
    (p, place) => p * (pValues.length - place),
    Math.max,
  )
}

/**
 * P-values adjusted by Benjamini and Hochberg's step-up method (J. R. Statist. Soc. B 57, 1995), in the order given: of
 * what stays below α, a share of at most α is expected to be false.
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  return adjusted(
    pValues,
    (a, b) => b - a,
    (p, place) => (p * pValues.length) / (pValues.length - place),
    Math.min,
  )
}

/** Scales each p-value by its place in the order, then makes them monotone along it. */
function adjusted(
  pValues: readonly number[],
  compare: (a: number, b: number) => number,
  scale: (p: number, place: number) => number,
  monotone: (a: number, b: number) => number,
): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => compare(pValues[a]!, pValues[b]!))
  const result = pValues.slice()
  let last: number | null = null
  order.forEach((index, place) => {
    const scaled = Math.min(1, scale(pValues[index]!, place))
    last = last === null ? scaled : monotone(last, scaled)
    result[index] = last
  })
  return result
}
