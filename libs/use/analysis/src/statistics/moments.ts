/** The mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/**
 * The distances from the mean. Those of equal values are exactly 0: their mean can differ from them by rounding, and
 * what is constant would seem to vary.
 */
export function deviations(values: readonly number[]): number[] {
  const centre = values.every((value) => value === values[0]) ? values[0]! : mean(values)
  return values.map((value) => value - centre)
}

/** Σ (x − x̄)²: around the mean, so that large means cost no digits. */
export function sumOfSquares(values: readonly number[]): number {
  return deviations(values).reduce((sum, deviation) => sum + deviation ** 2, 0)
}

/** Values by their group, in the order in which the groups first appear. */
export function grouped<T>(items: readonly T[], groupOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groupOf(item)
    const known = groups.get(group)
    if (known) known.push(item)
    else groups.set(group, [item])
  }
  return groups
}
