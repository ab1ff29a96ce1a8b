import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator'
import { Client } from 'pg'
import { LedgerNewer } from './ledger-newer.ts'
import type { LedgerDatabase } from './open-ledger.ts'
import { LedgerUnreachable } from './ledger-unreachable.ts'

const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url))

/** The key of the advisory lock. It is arbitrary, but must be the same in every program that migrates a ledger. */
const migrationLock = 7_410_663

/**
 * Brings a ledger's tables up to date. May be called at every start and by several processes at once: one migrates, the
 * others find nothing to do. Throws `LedgerUnreachable` and `LedgerNewer`.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const client = await connectClient(databaseUrl)
  try {
    const db = drizzle({ client })
    await db.execute(sql`select pg_advisory_lock(${migrationLock})`) // held until this connection ends
    await refuseNewer(db)
    await applyMigrations(db, { migrationsFolder })
  } finally {
    await client.end()
  }
}

async function connectClient(databaseUrl: string): Promise<Client> {
  const client = new Client({
    connectionString: databaseUrl,
    application_name: 'gauntlet migrate',
    connectionTimeoutMillis: 10_000,
  })
  // Without a listener Node would end the process. The query under way rejects in any case.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (error) {
    throw new LedgerUnreachable(databaseUrl, error)
  }
}

/** Refuses tables that a newer program has made, before this one writes into them. */
async function refuseNewer(db: LedgerDatabase): Promise<void> {
  const latest = Math.max(...readMigrationFiles({ migrationsFolder }).map((migration) => migration.folderMillis))
  const journal = await db.execute<{ found: string | null }>(
    sql`select to_regclass('drizzle.__drizzle_migrations') as found`,
  )
  if (journal.rows[0]?.found == null) return
  const newer = await db.execute(sql`select 1 from drizzle.__drizzle_migrations where created_at > ${latest} limit 1`)
  if (newer.rows.length > 0) throw new LedgerNewer()
}
