import { drizzle, type NodePgQueryResultHKT } from 'drizzle-orm/node-postgres'
import type { PgDatabase } from 'drizzle-orm/pg-core'
import { Pool } from 'pg'

/** Where the named queries run: the ledger itself, or a transaction in it. */
export type LedgerDatabase = PgDatabase<NodePgQueryResultHKT>

export interface Ledger {
  readonly db: LedgerDatabase
  /** Waits for the queries under way and closes every connection. */
  close(): Promise<void>
}

/**
 * Opens the ledger at `postgres://user:password@host:port/database`. Connects at the first query; see `migrate` for its
 * tables.
 */
export function openLedger(databaseUrl: string): Ledger {
  const pool = new Pool({
    connectionString: databaseUrl,
    application_name: 'gauntlet',
    max: 10,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  })
  // An idle connection that breaks is dropped by the pool; without a listener Node would end the process.
  pool.on('error', () => undefined)
  return { db: drizzle({ client: pool }), close: () => pool.end() }
}
