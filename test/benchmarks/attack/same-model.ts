import { AttackBenchmarkInvalid } from './attack-benchmark-invalid.ts'
import type { CleanLogits } from './task.ts'

/** How far two sides' logits may lie apart, over the largest of them: rounding of float32 through some fifty layers. */
const tolerance = 1e-4

/** Nobody is timed at attacking another model: refuses sides whose clean logits differ. */
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
