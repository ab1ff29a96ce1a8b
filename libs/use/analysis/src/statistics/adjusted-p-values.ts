/**
 * P-values adjusted by Holm's step-down method (Scand. J. Statist. 6, 1979), in the order given: what stays below α
 * may be claimed, and the probability of even one false claim is at most α.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a]! - pValues[b]!)
  const adjusted = pValues.slice()
  let last = 0
  order.forEach((index, place) => {
    last = Math.max(last, Math.min(1, pValues[index]! * (pValues.length - place)))
    adjusted[index] = last
  })
  return adjusted
}
