import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { readMigrationFiles, type MigrationMeta } from 'drizzle-orm/migrator'
import { drizzle } from 'drizzle-orm/node-postgres'
import { Client } from 'pg'
import { adoptOlderTables } from './adopt-older-tables.ts'
import { LedgerAbsent, LedgerMisplaced, LedgerOlder } from './ledger-absent.ts'
import { ledgerConnection, ledgerSchema } from './ledger-address.ts'
import { LedgerNewer } from './ledger-newer.ts'
import { LedgerUnreachable } from './ledger-unreachable.ts'
import type { LedgerDatabase } from './open-ledger.ts'

const migrationsFolder = fileURLToPath(new URL('../../migrations', import.meta.url))

/** The key of the advisory lock. It is arbitrary, but must be the same in every program that migrates a ledger. */
const migrationLock = 7_410_663

/**
 * Brings a ledger's tables up to date. May be called at every start and by several processes at once: one migrates, the
 * others find nothing to do. Where there is no ledger yet `create` is asked whether to make one; by default it is made.
 * Throws `LedgerUnreachable`, `LedgerNewer`, `LedgerMisplaced`, and `LedgerAbsent` where the answer is no.
 */
export async function migrate(databaseUrl: string, create: () => Promise<boolean> = async () => true): Promise<void> {
  await withClient(databaseUrl, async (db) => {
    if (!(await hasLedger(db)) && !(await create())) throw new LedgerAbsent(databaseUrl)
    await db.execute(sql`select pg_advisory_lock(${migrationLock})`) // held until this connection ends
    if (!(await hasLedger(db))) await createLedger(db, databaseUrl)
    for (const migration of await missingMigrations(db)) await apply(db, migration)
  })
}

/**
 * Makes sure that there is a ledger which this version can read, and writes nothing. Throws `LedgerUnreachable`,
 * `LedgerAbsent`, `LedgerOlder` and `LedgerNewer`.
 */
export async function requireLedger(databaseUrl: string): Promise<void> {
  await withClient(databaseUrl, async (db) => {
    if (!(await hasLedger(db))) throw new LedgerAbsent(databaseUrl)
    if ((await missingMigrations(db)).length > 0) throw new LedgerOlder(databaseUrl)
  })
}

/** What tells this ledger from any other, also after a dump and a restore: the comment on its schema. */
export async function ledgerIdentity(db: LedgerDatabase): Promise<string> {
  const found = await db.execute<{ identity: string | null }>(
    sql`select obj_description(${ledgerSchema}::regnamespace, 'pg_namespace') as identity`,
  )
  return found.rows[0]?.identity ?? ''
}

async function withClient<Result>(databaseUrl: string, work: (db: LedgerDatabase) => Promise<Result>): Promise<Result> {
  const client = await connectClient(databaseUrl)
  try {
    return await work(drizzle({ client }))
  } finally {
    await client.end()
  }
}

async function connectClient(databaseUrl: string): Promise<Client> {
  const client = new Client({
    ...ledgerConnection(databaseUrl),
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

async function hasLedger(db: LedgerDatabase): Promise<boolean> {
  const journal = await db.execute<{ found: string | null }>(
    sql`select to_regclass(${`${ledgerSchema}.__drizzle_migrations`}) as found`,
  )
  return journal.rows[0]?.found != null
}

/** The schema with its identity and the journal of its migrations, which has the form that drizzle gives it. */
async function createLedger(db: LedgerDatabase, databaseUrl: string): Promise<void> {
  await db.transaction(async (transaction) => {
    const schema = sql.identifier(ledgerSchema)
    await transaction.execute(sql`create schema if not exists ${schema}`)
    const place = await transaction.execute<{ current_schema: string }>(sql`select current_schema()`)
    if (place.rows[0]?.current_schema !== ledgerSchema) throw new LedgerMisplaced(databaseUrl)
    await transaction.execute(sql`comment on schema ${schema} is ${sql.raw(`'ledger ${randomUUID()}'`)}`)
    if (await adoptOlderTables(transaction, allMigrations())) return
    await transaction.execute(
      sql`create table __drizzle_migrations (id serial primary key, hash text not null, created_at bigint)`,
    )
  })
}

/**
 * The migrations that a ledger lacks, in their order. Each is looked for by itself: branches that are merged may bring
 * one that is older than the last. Refuses tables that a newer program has made, before this one writes into them.
 */
async function missingMigrations(db: LedgerDatabase): Promise<MigrationMeta[]> {
  const known = allMigrations()
  const journal = await db.execute<{ created_at: string }>(sql`select created_at from __drizzle_migrations`)
  const applied = new Set(journal.rows.map((row) => Number(row.created_at)))
  const own = new Set(known.map(({ folderMillis }) => folderMillis))
  if ([...applied].some((time) => !own.has(time))) throw new LedgerNewer()
  return known.filter(({ folderMillis }) => !applied.has(folderMillis))
}

function allMigrations(): MigrationMeta[] {
  return readMigrationFiles({ migrationsFolder })
}

/** Applies a migration, all or nothing. drizzle-kit writes the schema `public` into references between tables. */
async function apply(db: LedgerDatabase, { sql: statements, hash, folderMillis }: MigrationMeta): Promise<void> {
  await db.transaction(async (transaction) => {
    for (const statement of statements) await transaction.execute(sql.raw(statement.replaceAll('"public".', '')))
    await transaction.execute(
      sql`insert into __drizzle_migrations (hash, created_at) values (${hash}, ${folderMillis})`,
    )
  })
}
