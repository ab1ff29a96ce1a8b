import type { ArtifactStore } from '@gauntlet/artifacts'
import type { MeasuredCell, StudyResults } from '@gauntlet/client'
import { decodeOutcomes, type Outcome } from '@gauntlet/evaluation/outcomes'
import { fulfilledOutputsOf, type LedgerDatabase } from '@gauntlet/ledger'

/**
 * The results with the mean of the classes' accuracies, for the rows of datasets that ask for it. It is counted from
 * the outcomes of each number, which are read from the store.
 */
export async function withClassMeans(
  { db, store }: { readonly db: LedgerDatabase; readonly store: Pick<ArtifactStore, 'read'> },
  results: StudyResults,
): Promise<StudyResults> {
  const asked = results.rows.filter(({ metric }) => metric === 'mean-per-class')
  if (asked.length === 0) return results
  const keys = asked.map(({ stageKey }) => stageKey)
  const outputs = await fulfilledOutputsOf(db, keys)
  const withMean = async (row: MeasuredCell): Promise<MeasuredCell> => {
    const outcomes = row.metric === undefined ? undefined : outputs.get(row.stageKey)?.outcomes
    return outcomes ? { ...row, meanPerClass: meanPerClass(decodeOutcomes(await store.read(outcomes)).outcomes) } : row
  }
  return { ...results, rows: await Promise.all(results.rows.map(withMean)) }
}

/** The mean of the classes' accuracies, over the classes that have images. */
export function meanPerClass(outcomes: readonly Pick<Outcome, 'label' | 'held'>[]): number {
  const counts = new Map<number, { held: number; total: number }>()
  for (const { label, held } of outcomes) {
    const count = counts.get(label) ?? { held: 0, total: 0 }
    counts.set(label, { held: count.held + (held ? 1 : 0), total: count.total + 1 })
  }
  const accuracies = [...counts.values()].map(({ held, total }) => held / total)
  return accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length
}
