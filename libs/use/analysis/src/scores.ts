/** The scores of one configuration over the five accuracies, each in [0, 1]. */
export interface Scores {
  /** The accuracies added (`sum` of the study): 0 to 5. */
  readonly sum: number
  /** The accuracies multiplied (`geom` of the study): 0 to 1; one accuracy of 0 makes it 0. */
  readonly geometric: number
}

/**
 * Scores from counts. Null when any of the perturbations has no number: a score over fewer would pass for a worse
 * model.
 */
export function scores(
  counts: readonly ({ readonly correct: number; readonly total: number } | null)[],
): Scores | null {
  const accuracies: number[] = []
  for (const count of counts) {
    if (!count) return null
    accuracies.push(count.correct / count.total)
  }
  return { sum: accuracies.reduce((a, b) => a + b, 0), geometric: accuracies.reduce((a, b) => a * b, 1) }
}

/**
 * Wilson's score interval of a proportion (E. B. Wilson, JASA 22, 1927) at 95 %. Unlike the normal approximation it
 * stays inside [0, 1] and has a width at 0 and 1, where robust accuracies often lie.
 */
export function wilsonInterval({
  correct,
  total,
}: {
  readonly correct: number
  readonly total: number
}): readonly [number, number] {
  const z = 1.959963984540054
  const proportion = correct / total
  const centre = proportion + z ** 2 / (2 * total)
  const spread = z * Math.sqrt((proportion * (1 - proportion)) / total + z ** 2 / (4 * total ** 2))
  const scale = 1 + z ** 2 / total
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)]
}
