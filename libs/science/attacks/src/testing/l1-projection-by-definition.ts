/**
 * The nearest point to `point` in the box [0, 1] and within L1 distance `epsilon` of `origin`, by the optimality
 * conditions: in float64, the multiplier found by 200 halvings.
 */
export function l1ProjectionByDefinition(
  point: ArrayLike<number>,
  origin: ArrayLike<number>,
  epsilon: number,
): number[] {
  const at = (multiplier: number): number[] =>
    Array.from(origin, (from, i) => {
      const offset = point[i]! - from
      const length = Math.max(Math.abs(offset) - multiplier, 0)
      return Math.min(Math.max(from + Math.sign(offset) * length, 0), 1)
    })
  const sizeOf = (candidate: readonly number[]) =>
    candidate.reduce((sum, value, i) => sum + Math.abs(value - origin[i]!), 0)
  if (sizeOf(at(0)) <= epsilon) return at(0)
  let [low, high] = [0, Math.max(...Array.from(point, (value, i) => Math.abs(value - origin[i]!)))]
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2
    if (sizeOf(at(middle)) > epsilon) low = middle
    else high = middle
  }
  return at(high)
}
