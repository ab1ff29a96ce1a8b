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

/** Any number, the same for everybody who migrates a ledger. */
const migrationLock = 7_410_663

/**
 * Brings a ledger's tables up to date. Safe to call at every start and from several processes at once; the second one
 * finds nothing to do.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const client = await connect(databaseUrl)
  try {
    const db = drizzle({ client })
    await db.execute(sql`select pg_advisory_lock(${migrationLock})`) // held until this connection ends
    await refuseNewer(db)
    await applyMigrations(db, { migrationsFolder })
  } finally {
    await client.end()
  }
}

async function connect(databaseUrl: string): Promise<Client> {
  const client = new Client({
    connectionString: databaseUrl,
    application_name: 'gauntlet migrate',
    connectionTimeoutMillis: 10_000,
  })
  client.on('error', () => undefined) // the query under way rejects; this only keeps the process alive
  try {
    await client.connect()
    return client
  } catch (error) {
    throw new LedgerUnreachable(databaseUrl, error)
  }
}

/** Fails before an older program writes into tables it does not know. */
async function refuseNewer(db: LedgerDatabase): Promise<void> {
  const latest = Math.max(...readMigrationFiles({ migrationsFolder }).map((migration) => migration.folderMillis))
  const journal = await db.execute<{ found: string | null }>(
    sql`select to_regclass('drizzle.__drizzle_migrations') as found`,
  )
  if (journal.rows[0]?.found == null) return
  const newer = await db.execute(sql`select 1 from drizzle.__drizzle_migrations where created_at > ${latest} limit 1`)
  if (newer.rows.length > 0) throw new LedgerNewer()
}
