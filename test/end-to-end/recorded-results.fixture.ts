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

/** The numbers of a study with their lineage, as its ledger has them. */
export interface RecordedResults {
  /**
   * By `dataset · backbone · loss · protocol · seed · perturbation`: everything of the row that must be the same
   * however the study ran.
   */
  readonly rows: Readonly<Record<string, unknown>>
  /** Every execution behind the rows, by stage key. */
  readonly executions: ReadonlyMap<string, TracedExecution>
}

/** Reads all rows of a study and their whole lineage. Starts Postgres where it does not run. */
export function recordedResults(home: GauntletHome, study: string): Promise<RecordedResults> {
  return withLedgerIn(home, async (db) => {
    const executions = new Map<string, TracedExecution>()
    const rows: Record<string, unknown> = {}
    const results = await readResults(db, study, async (codes) => {
      const pool = await lastPoolDescription(db, defaultPool, codes)
      return pool!.document as unknown as WorkerDescription
    })
    for (const row of results.rows) {
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

/** Every execution behind these measurements, each once. */
export function executionsBehind(home: GauntletHome, measurementIds: readonly string[]): Promise<TracedExecution[]> {
  return withLedgerIn(home, async (db) => {
    const found = new Map<string, TracedExecution>()
    for (const id of measurementIds)
      for (const execution of (await traceMeasurement(db, id)).executions) found.set(execution.stageKey, execution)
    return [...found.values()]
  })
}

/** Attempts in the ledger, by stage and outcome: `{ 'fine-tune fulfilled': 2 }`. */
export function attemptCounts(home: GauntletHome): Promise<Record<string, number>> {
  return withLedgerIn(home, async (db) => {
    const { rows } = await db.execute<{ what: string; count: number }>(
      `select stage || ' ' || outcome as what, count(*)::int as count
       from attempt join execution using (stage_key) group by 1 order by 1`,
    )
    return Object.fromEntries(rows.map(({ what, count }) => [what, count]))
  })
}

/** The fulfilled stages: stage key → the attempt that fulfilled it. */
export function fulfilledBy(home: GauntletHome): Promise<ReadonlyMap<string, string>> {
  return withLedgerIn(home, async (db) => {
    const { rows } = await db.execute<{ key: string; id: string }>(
      `select stage_key as key, id from attempt where outcome = 'fulfilled'`,
    )
    return new Map(rows.map(({ key, id }) => [key, id]))
  })
}

/** The number of rows of a table. */
export function countRows(home: GauntletHome, table: 'measurement' | 'study'): Promise<number> {
  return withLedgerIn(home, async (db) => {
    const { rows } = await db.execute<{ count: number }>(`select count(*)::int as count from ${table}`)
    return rows[0]!.count
  })
}

async function withLedgerIn<T>(home: GauntletHome, work: (db: LedgerDatabase) => Promise<T>): Promise<T> {
  const ledger = openLedger((await startPostgres(home.folder)).databaseUrl)
  try {
    return await work(ledger.db)
  } finally {
    await ledger.close()
  }
}
