import type { WorkerDescription } from '@gauntlet/contract'
import { executionGraph, type LedgerDatabase } from '@gauntlet/ledger'
import { chainsIn, differencesOf, type Difference } from './differences.ts'
import type { MeasuredCell, OlderCell } from './study-results.ts'

/** A number under a key that a plan made now does not have, with the differences that explain it. */
export interface OlderNumber extends MeasuredCell {
  readonly differences: readonly Difference[]
}

/** Finds the differences between the lineage of each older number and a plan made now. */
export async function readOlderNumbers(
  db: LedgerDatabase,
  older: readonly OlderCell[],
  worker: WorkerDescription,
): Promise<OlderNumber[]> {
  const graph = await executionGraph(
    db,
    older.map(({ stageKey }) => stageKey),
  )
  const chainOf = chainsIn(graph)
  return older.map(({ planned, ...number }) => ({
    ...number,
    differences: differencesOf(chainOf(number.stageKey), planned, worker),
  }))
}
