import { drizzle, type NodePgQueryResultHKT } from 'drizzle-orm/node-postgres'
import type { PgDatabase } from 'drizzle-orm/pg-core'
import { Pool } from 'pg'
import { ledgerConnection } from './ledger-address.ts'

/** What the named queries run on: the ledger itself, or a transaction in it. */
export type LedgerDatabase = PgDatabase<NodePgQueryResultHKT>

/** An open ledger. */
export interface Ledger {
  readonly db: LedgerDatabase
  /** Waits for the queries under way and closes every connection. */
  close(): Promise<void>
}

/** Milliseconds after which a query counts as unanswered: a server that hangs must not hang a study. */
const queryLimit = 120_000

/**
 * Opens the ledger at `postgres://user:password@host:port/database`. Connects at the first query; its tables are made
 * by `migrate`.
 */
export function openLedger(databaseUrl: string): Ledger {
  const pool = new Pool({
    ...ledgerConnection(databaseUrl),
    application_name: 'gauntlet',
    max: 10,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    query_timeout: queryLimit,
  })
  // The pool drops an idle connection that breaks. Without a listener Node would end the process.
  pool.on('error', () => undefined)
  return { db: drizzle({ client: pool }), close: () => pool.end() }
}
