import type { StudyNumbers } from '@gauntlet/analysis'
import { digestOf, type Digest } from '@gauntlet/study'

/**
 * The digest of the numbers that a report is about, with what they are numbers of: SHA-256 of their canonical JSON (RFC
 * 8785). Two reports with one digest are of the same numbers.
 */
export function digestOfNumbers({ name, evidence, perturbations, rows }: StudyNumbers): Digest {
  return digestOf({
    name,
    evidence,
    perturbations,
    rows: rows.map(({ backbone, dataset, loss, protocol, seed, accuracies, origins }) => ({
      cell: [backbone, dataset, loss, protocol, seed ?? null],
      accuracies,
      outcomes: Object.fromEntries(
        Object.entries(origins).map(([name, origin]) => [
          name,
          origin.kind === 'measured' ? origin.outcomesDigest : null,
        ]),
      ),
    })),
  })
}
