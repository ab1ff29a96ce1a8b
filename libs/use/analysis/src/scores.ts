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
