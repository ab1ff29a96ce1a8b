import { startPostgres } from '@gauntlet/infra'
import { readResults } from '@gauntlet/client'
import { defaultPool, type WorkerDescription } from '@gauntlet/contract'
import {
  lastPoolDescription,
  openLedger,
  traceMeasurement,
  type LedgerDatabase,
  type TracedExecution,
} from '@gauntlet/ledger'
import type { GauntletHome } from './gauntlet-home.fixture.ts'

/** What a study's numbers rest on, as its ledger has it. */
export interface Evidence {
  /**
   * `dataset · backbone · loss · protocol · seed · perturbation` → everything of the row that must not depend on how it
   * was come by.
   */
  readonly rows: Readonly<Record<string, unknown>>
  /** Every execution behind a row, by stage key. */
  readonly executions: ReadonlyMap<string, TracedExecution>
}

/** Reads all rows of a study and their whole lineage. Postgres must run. */
export function evidenceOf(home: GauntletHome, study: string): Promise<Evidence> {
  return withLedgerOf(home, async (db) => {
    const executions = new Map<string, TracedExecution>()
    const rows: Record<string, unknown> = {}
    const pool = await lastPoolDescription(db, defaultPool)
    for (const row of (await readResults(db, study, pool!.document as unknown as WorkerDescription)).rows) {
      const { executions: lineage, measurement } = await traceMeasurement(db, row.measurementId)
      for (const execution of lineage) executions.set(execution.stageKey, execution)
      const name = [row.dataset, row.backbone, row.loss, row.protocol, row.seed, row.perturbation].join(' · ')
      rows[name] = {
        counted: [row.correct, row.total],
        evaluator: row.evaluator,
        outcomes: measurement.outcomesDigest,
        lineage: lineage.map(({ stage, stageKey, generated }) => ({ stage, stageKey, generated })),
      }
    }
    return { rows, executions }
  })
}

/** Attempts in the ledger, by stage and outcome: `{ 'fine-tune fulfilled': 2 }`. */
export function attemptCounts(home: GauntletHome): Promise<Record<string, number>> {
  return withLedgerOf(home, async (db) => {
    const { rows } = await db.execute<{ what: string; count: number }>(
      `select stage || ' ' || outcome as what, count(*)::int as count
       from attempt join execution using (stage_key) group by 1 order by 1`,
    )
    return Object.fromEntries(rows.map(({ what, count }) => [what, count]))
  })
}

/** What is fulfilled: stage key → the attempt that did it. */
export function fulfilledBy(home: GauntletHome): Promise<ReadonlyMap<string, string>> {
  return withLedgerOf(home, async (db) => {
    const { rows } = await db.execute<{ key: string; id: string }>(
      `select stage_key as key, id from attempt where outcome = 'fulfilled'`,
    )
    return new Map(rows.map(({ key, id }) => [key, id]))
  })
}

/** Rows of a table. */
export function countRows(home: GauntletHome, table: 'measurement' | 'study'): Promise<number> {
  return withLedgerOf(home, async (db) => {
    const { rows } = await db.execute<{ count: number }>(`select count(*)::int as count from ${table}`)
    return rows[0]!.count
  })
}

async function withLedgerOf<T>(home: GauntletHome, work: (db: LedgerDatabase) => Promise<T>): Promise<T> {
  const ledger = openLedger((await startPostgres(home.folder)).databaseUrl)
  try {
    return await work(ledger.db)
  } finally {
    await ledger.close()
  }
}
