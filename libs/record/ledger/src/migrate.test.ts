import { readFile } from 'node:fs/promises'
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import { sql } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { LedgerNewer } from './ledger-newer.ts'
import { LedgerUnreachable } from './ledger-unreachable.ts'
import { useLedger } from './ledger.fixture.ts'
import { migrate } from './migrate.ts'
import * as schema from './schema/index.ts'

const ledger = useLedger()

async function tables(): Promise<string[]> {
  const found = await ledger.db.execute<{ tablename: string }>(
    sql`select tablename from pg_tables where schemaname = 'public' order by 1`,
  )
  return found.rows.map((row) => row.tablename)
}

it('makes every table of the schema once, however many processes migrate at the same time', async () => {
  await ledger.db.execute(sql`drop schema public cascade`)
  await ledger.db.execute(sql`drop schema drizzle cascade`)
  await ledger.db.execute(sql`create schema public`)
  await Promise.all(Array.from({ length: 5 }, () => migrate(ledger.databaseUrl)))
  const before = await tables()
  expect(before).toHaveLength(Object.keys(schema).length)
  await migrate(ledger.databaseUrl)
  expect(await tables()).toEqual(before)
})

it('refuses tables that a newer version has made', async () => {
  await ledger.db.execute(
    sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('future', 99999999999999)`,
  )
  await expect(migrate(ledger.databaseUrl)).rejects.toBeInstanceOf(LedgerNewer)
  await ledger.db.execute(sql`delete from drizzle.__drizzle_migrations where hash = 'future'`)
})

it('says in one sentence which server does not answer, without the password', async () => {
  const error: unknown = await migrate('postgres://someone:secret@127.0.0.1:1/ledger').catch(
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(LedgerUnreachable)
  expect(String(error)).toContain('The ledger at 127.0.0.1:1/ledger cannot be reached')
  expect(String(error)).not.toContain('secret')
})

it('has a migration for everything in the schema', async () => {
  const journal = JSON.parse(await readFile(new URL('../migrations/meta/_journal.json', import.meta.url), 'utf8'))
  const latest = String(journal.entries.at(-1).idx).padStart(4, '0')
  const migrated = JSON.parse(
    await readFile(new URL(`../migrations/meta/${latest}_snapshot.json`, import.meta.url), 'utf8'),
  )
  expect(await generateMigration(migrated, generateDrizzleJson(schema, migrated.id))).toEqual([])
})
