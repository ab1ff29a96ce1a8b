import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import { sql } from 'drizzle-orm'
import { Client } from 'pg'
import { describe, expect, it, vi } from 'vitest'
import { LedgerAbsent, LedgerOlder } from './ledger-absent.ts'
import { ledgerConnection } from './ledger-address.ts'
import { LedgerNewer } from './ledger-newer.ts'
import { LedgerUnreachable } from './ledger-unreachable.ts'
import { useLedger } from '../ledger.fixture.ts'
import { ledgerIdentity, migrate, requireLedger } from './migrate.ts'
import * as schema from '../schema/index.ts'

const ledger = useLedger()

async function tables(): Promise<string[]> {
  const found = await ledger.db.execute<{ tablename: string }>(
    sql`select tablename from pg_tables where schemaname = 'gauntlet' order by 1`,
  )
  return found.rows.map((row) => row.tablename)
}

/** A new database on the same server, with what another program has in it. */
async function databaseOf(...statements: string[]): Promise<string> {
  const name = `foreign_${++databases}`
  await ledger.db.execute(sql.raw(`create database ${name}`))
  const databaseUrl = Object.assign(new URL(ledger.databaseUrl), { pathname: `/${name}` }).href
  await inDatabase(databaseUrl, async (client) => {
    for (const statement of statements) await client.query(statement)
  })
  return databaseUrl
}
let databases = 0

async function inDatabase<Result>(databaseUrl: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client(databaseUrl)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Every table outside of Postgres' own schemas. */
function tablesIn(databaseUrl: string): Promise<string[]> {
  return inDatabase(databaseUrl, async (client) => {
    const text = `select schemaname || '.' || tablename as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema') order by 1`
    return (await client.query<{ name: string }>(text)).rows.map(({ name }) => name)
  })
}

it('makes every table of the schema once, however many processes migrate at the same time', async () => {
  await ledger.db.execute(sql`drop schema gauntlet cascade`)
  await Promise.all(Array.from({ length: 5 }, () => migrate(ledger.databaseUrl)))
  const before = await tables()
  expect(before).toHaveLength(Object.keys(schema).length + 1)
  await migrate(ledger.databaseUrl)
  expect(await tables()).toEqual(before)
})

it(
  'leaves a ledger that the next one completes, whenever a process that migrates is killed',
  { timeout: 120_000 },
  async () => {
    const whole = await tablesIn(ledger.databaseUrl)
    let unfinished = 0
    for (let kill = 0; kill < 8; kill++) {
      const databaseUrl = await databaseOf()
      const script = fileURLToPath(new URL('./migrate.fixture.ts', import.meta.url))
      const migrating = spawn(process.execPath, ['--import', 'tsx', script, databaseUrl], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = once(migrating, 'exit')
      await once(migrating.stdout, 'data') // it begins now
      await sleep(20 * kill)
      migrating.kill('SIGKILL')
      await ended
      if ((await requireLedger(databaseUrl).catch(() => 'unfinished')) === 'unfinished') unfinished++
      await migrate(databaseUrl)
      await requireLedger(databaseUrl)
      expect(await tablesIn(databaseUrl)).toEqual(whole)
    }
    expect(unfinished).toBeGreaterThan(0)
  },
)

it('refuses tables that a newer version has made', async () => {
  await ledger.db.execute(sql`insert into __drizzle_migrations (hash, created_at) values ('future', 99999999999999)`)
  await expect(migrate(ledger.databaseUrl)).rejects.toBeInstanceOf(LedgerNewer)
  await expect(requireLedger(ledger.databaseUrl)).rejects.toBeInstanceOf(LedgerNewer)
  await ledger.db.execute(sql`delete from __drizzle_migrations where hash = 'future'`)
})

it('applies a migration that came later although it is older than the last one, and reading asks for it', async () => {
  const second = sql`(select min(created_at) from __drizzle_migrations where created_at > (select min(created_at) from __drizzle_migrations))`
  const { rows } = await ledger.db.execute(
    sql`delete from __drizzle_migrations where created_at = ${second} returning 1`,
  )
  expect(rows).toHaveLength(1)
  await ledger.db.execute(sql`alter table measurement drop column flags`)
  await expect(requireLedger(ledger.databaseUrl)).rejects.toBeInstanceOf(LedgerOlder)
  await migrate(ledger.databaseUrl)
  await requireLedger(ledger.databaseUrl)
  await ledger.db.execute(sql`select flags from measurement`)
})

describe('a database of another program', () => {
  const foreign = [
    'create table artifact (id int)',
    'create schema drizzle',
    'create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)',
    `insert into drizzle.__drizzle_migrations (hash, created_at) values ('theirs', 1)`,
  ]

  it('is left as it is by reading, and where making a ledger in it is declined', async () => {
    const databaseUrl = await databaseOf(...foreign)
    const before = await tablesIn(databaseUrl)
    const refused = await requireLedger(databaseUrl).catch((error: Error) => error)
    expect(refused).toBeInstanceOf(LedgerAbsent)
    expect(String(refused)).toMatch(/has no ledger yet; .*`npx gauntlet up --create-ledger`/)
    await expect(migrate(databaseUrl, async () => false)).rejects.toBeInstanceOf(LedgerAbsent)
    expect(await tablesIn(databaseUrl)).toEqual(before)
  })

  it('gets the ledger in a schema of its own, with a journal of its own', async () => {
    const databaseUrl = await databaseOf(...foreign)
    const before = await tablesIn(databaseUrl)
    await migrate(databaseUrl, async () => true)
    const added = (await tablesIn(databaseUrl)).filter((name) => !before.includes(name))
    expect(added).toEqual((await tables()).map((name) => `gauntlet.${name}`))
    const theirs = await inDatabase(databaseUrl, (client) =>
      client.query('select hash from drizzle.__drizzle_migrations'),
    )
    expect(theirs.rows).toEqual([{ hash: 'theirs' }])
    await migrate(databaseUrl, () => Promise.reject(new Error('asked again')))
  })
})

it('moves the tables that an earlier version made in the schema public, with their rows', async () => {
  const databaseUrl = await databaseOf()
  await migrate(databaseUrl)
  const expected = await tablesIn(databaseUrl)
  const digest = 'a'.repeat(64)
  await inDatabase(databaseUrl, async (client) => {
    await client.query(`insert into gauntlet.artifact (digest, size, media_type) values ('${digest}', 1, 'x')`)
    await client.query('create schema drizzle')
    for (const name of expected.filter((each) => !each.endsWith('__drizzle_migrations')))
      await client.query(`alter table ${name} set schema public`)
    await client.query('alter table gauntlet.__drizzle_migrations set schema drizzle')
    await client.query('alter function gauntlet.mark_changed() set schema public')
    await client.query('drop schema gauntlet')
  })
  await migrate(databaseUrl)
  expect(await tablesIn(databaseUrl)).toEqual(expected)
  const kept = await inDatabase(databaseUrl, (client) => client.query('select digest from gauntlet.artifact'))
  expect(kept.rows).toEqual([{ digest }])
})

it('keeps the options of the user and adds its own', () => {
  const options = (url: string) => new URL(ledgerConnection(url).connectionString).searchParams.get('options')
  expect(options('postgres://h/d')).toBe('-c search_path=gauntlet')
  vi.stubEnv('PGOPTIONS', '-c work_mem=64MB')
  expect(options('postgres://h/d?sslmode=require')).toBe('-c work_mem=64MB -c search_path=gauntlet')
  expect(options('postgres://h/d?options=-c%20jit%3Doff')).toBe('-c jit=off -c search_path=gauntlet')
  vi.unstubAllEnvs()
})

it('has an identity that stays, and that no other ledger has', async () => {
  const identity = await ledgerIdentity(ledger.db)
  expect(identity).toMatch(/^ledger [0-9a-f-]{36}$/)
  await migrate(ledger.databaseUrl)
  expect(await ledgerIdentity(ledger.db)).toBe(identity)
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
  const journal = JSON.parse(await readFile(new URL('../../migrations/meta/_journal.json', import.meta.url), 'utf8'))
  const latest = String(journal.entries.at(-1).idx).padStart(4, '0')
  const migrated = JSON.parse(
    await readFile(new URL(`../../migrations/meta/${latest}_snapshot.json`, import.meta.url), 'utf8'),
  )
  expect(await generateMigration(migrated, generateDrizzleJson(schema, migrated.id))).toEqual([])
})
