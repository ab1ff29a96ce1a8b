import { AttackBenchmarkInvalid } from './attack-benchmark-invalid.ts'
import type { CleanLogits } from './task.ts'

/** Largest difference of the sides' logits over the largest logit: float32 rounding through some fifty layers. */
const tolerance = 1e-4

/** Refuses sides whose clean logits differ, so that no side is timed on another model. */
export function requireSameModel(title: string, ours: CleanLogits, theirs: CleanLogits): void {
  const expected = theirs.logits.flat()
  const found = ours.logits.flat()
  const largest = Math.max(...expected.map(Math.abs))
  const apart = Math.max(...expected.map((value, i) => Math.abs(value - (found[i] ?? NaN))))
  if (found.length === expected.length && apart <= tolerance * largest) return
  throw new AttackBenchmarkInvalid(
    `${title}: the sides' clean logits lie ${apart} apart, the largest is ${largest}; compare their models, weights and images.`,
  )
}
