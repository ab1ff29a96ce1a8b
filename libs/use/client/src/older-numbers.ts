import type { WorkerDescription } from '@gauntlet/contract'
import { executionGraph, type LedgerDatabase } from '@gauntlet/ledger'
import { chainOf, differencesOf, type Difference } from './differences.ts'
import type { MeasuredCell, OlderCell } from './study-results.ts'

/** A number under a key that no plan makes now, and why none does. */
export interface OlderNumber extends MeasuredCell {
  readonly differences: readonly Difference[]
}

/** Says of the older numbers of a table what differs between their lineage and what a plan makes now. */
export async function readOlderNumbers(
  db: LedgerDatabase,
  older: readonly OlderCell[],
  worker: WorkerDescription,
): Promise<OlderNumber[]> {
  const graph = await executionGraph(
    db,
    older.map(({ stageKey }) => stageKey),
  )
  return older.map(({ planned, ...number }) => ({
    ...number,
    differences: differencesOf(chainOf(graph, number.stageKey), planned, worker),
  }))
}
