import { getTableName, is, sql, type Table } from 'drizzle-orm'
import type { MigrationMeta } from 'drizzle-orm/migrator'
import { PgTable } from 'drizzle-orm/pg-core'
import { ledgerSchema } from './ledger-address.ts'
import type { LedgerDatabase } from './open-ledger.ts'
import * as schema from '../schema/index.ts'

/**
 * Moves the tables of earlier versions, which were in the schema `public` with a journal in `drizzle`, into the
 * ledger's own schema. True if there were any. A journal that also has migrations of another program is not ours,
 * and stays.
 */
export async function adoptOlderTables(db: LedgerDatabase, known: readonly MigrationMeta[]): Promise<boolean> {
  const journal = await db.execute<{ found: string | null }>(
    sql`select to_regclass('drizzle.__drizzle_migrations') as found`,
  )
  if (journal.rows[0]?.found == null) return false
  const applied = await db.execute<{ hash: string }>(sql`select hash from drizzle.__drizzle_migrations`)
  const own = new Set(known.map(({ hash }) => hash))
  if (applied.rows.length === 0 || !applied.rows.every(({ hash }) => own.has(hash))) return false
  const target = sql.identifier(ledgerSchema)
  for (const name of tableNames())
    await db.execute(sql`alter table if exists public.${sql.identifier(name)} set schema ${target}`)
  await db.execute(sql`alter table drizzle.__drizzle_migrations set schema ${target}`)
  return true
}

function tableNames(): string[] {
  return Object.values(schema as Record<string, unknown>)
    .filter((each) => is(each, PgTable))
    .map((table) => getTableName(table as Table))
}
