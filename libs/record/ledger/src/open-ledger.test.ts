import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { livingProcess, startPostgres, stopPostgres } from '@gauntlet/infra'
import { sql } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { StudyUnknown } from './study-unknown.ts'
import { openLedger } from './open-ledger.ts'
import { isTransientLedgerError } from './transient.ts'

it('survives the death of its server: queries fail as transient, and succeed again when the server is back', async () => {
  const home = await mkdtemp(join(tmpdir(), 'gauntlet-ledger-'))
  const { databaseUrl } = await startPostgres(home)
  const ledger = openLedger(databaseUrl)
  try {
    await ledger.db.execute(sql`create table survivors (n int)`)
    await ledger.db.execute(sql`insert into survivors values (1)`)
    const sleeping = ledger.db.execute(sql`select pg_sleep(30)`).catch((error: unknown) => error)
    process.kill(livingProcess(home, 'postgres')!.pid, 'SIGKILL')
    expect(
      isTransientLedgerError(await ledger.db.execute(sql`select pg_sleep(30)`).catch((error: unknown) => error)),
    ).toBe(true)
    expect(isTransientLedgerError(await sleeping)).toBe(true)
    await startPostgres(home) // on the same port
    expect((await ledger.db.execute(sql`select n from survivors`)).rows).toEqual([{ n: 1 }])
  } finally {
    await ledger.close()
    await stopPostgres(home)
    await rm(home, { recursive: true, force: true })
  }
})

it('takes nothing for transient that would fail again', async () => {
  expect(isTransientLedgerError(new StudyUnknown('x', []))).toBe(false)
  expect(isTransientLedgerError(Object.assign(new Error('violates check constraint'), { code: '23514' }))).toBe(false)
  expect(isTransientLedgerError('ECONNREFUSED')).toBe(false)
  expect(
    isTransientLedgerError(
      new Error('Failed query', { cause: Object.assign(new Error('deadlock'), { code: '40P01' }) }),
    ),
  ).toBe(true)
})
