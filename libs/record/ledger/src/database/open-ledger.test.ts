import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { livingProcess, startPostgres, stopPostgres } from '@gauntlet/infra'
import { sql } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { migrate } from './migrate.ts'
import { openLedger } from './open-ledger.ts'

it('goes on after its server was killed: queries fail, and succeed again when the server is back', async () => {
  const home = await mkdtemp(join(tmpdir(), 'gauntlet-ledger-'))
  const { databaseUrl } = await startPostgres(home)
  await migrate(databaseUrl)
  const ledger = openLedger(databaseUrl)
  try {
    await ledger.db.execute(sql`create table survivors (n int)`)
    await ledger.db.execute(sql`insert into survivors values (1)`)
    const running = ledger.db.execute(sql`select pg_sleep(30)`).catch((error: Error) => error)
    process.kill(livingProcess(home, 'postgres')!.pid, 'SIGKILL')
    await expect(ledger.db.execute(sql`select pg_sleep(30)`)).rejects.toThrow('Failed query')
    expect(String(await running)).toContain('Failed query')
    await startPostgres(home) // on the same port
    expect((await ledger.db.execute(sql`select n from survivors`)).rows).toEqual([{ n: 1 }])
  } finally {
    await ledger.close()
    await stopPostgres(home)
    await rm(home, { recursive: true, force: true })
  }
})
