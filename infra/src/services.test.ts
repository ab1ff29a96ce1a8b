import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processIdentity } from '@gauntlet/files'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startPostgres } from './postgres.ts'
import { pidFile } from './process-record.ts'
import { serviceStatus, stopServices } from './services.ts'
import { startTemporal, stopTemporal } from './temporal.ts'
import { findTemporal } from '../setup/temporal-binary.mjs'

/** Under a folder that only its owner may enter, as many a home is, and whose name no URL can have as it is. */
const parent = mkdtempSync(join(tmpdir(), 'gauntlet-infra-'))
const home = join(parent, "c#1?x%20ü o'q", 'home')
let services: Awaited<ReturnType<typeof startServices>>

beforeAll(async () => {
  services = await startServices()
}, 120_000)

afterAll(async () => {
  await stopServices(home)
  rmSync(parent, { recursive: true, force: true })
}, 60_000)

async function startServices() {
  const [{ databaseUrl }, { temporalAddress }] = await Promise.all([startPostgres(home), startTemporal(home)])
  return { databaseUrl, temporalAddress }
}

async function query(text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(services.databaseUrl)
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

function pidOf(name: string): number {
  return serviceStatus(home).find((service) => service.name === name)?.pid ?? 0
}

describe('local services', () => {
  it('are reused while they are healthy', async () => {
    const before = serviceStatus(home)
    expect(await startServices()).toEqual(services)
    expect(serviceStatus(home)).toEqual(before)
    expect(before.map(({ name, state }) => [name, state])).toEqual([
      ['postgres', 'running'],
      ['temporal', 'running'],
    ])
  })

  it('keep their data in the home, whatever its name', () => {
    expect(existsSync(join(home, 'temporal', 'temporal.sqlite'))).toBe(true)
    expect(existsSync(join(home, 'postgres', 'data', 'PG_VERSION'))).toBe(true)
    expect(readdirSync(parent)).toEqual([basename(dirname(home))])
  })

  it('do not hear the variables that are about another Postgres', async () => {
    await stopServices(home)
    const others = {
      PGSSLMODE: 'verify-full',
      PGOPTIONS: '-c jit=nonsense',
      PGHOST: 'other',
      PGPORT: '1',
      PGTZ: 'Mars',
    }
    for (const [name, value] of Object.entries(others)) vi.stubEnv(name, value)
    vi.stubEnv('PGDATA', '/nowhere').stubEnv('PGCLIENTENCODING', 'nonsense')
    expect(await startServices()).toEqual(services)
    expect(await query('select 1 as one')).toEqual([{ one: 1 }])
    vi.unstubAllEnvs()
  })

  it('start once when several commands start them at the same time', async () => {
    await stopServices(home)
    const answers = await Promise.all(Array.from({ length: 4 }, () => startServices()))
    services = answers[0]!
    for (const answer of answers) expect(answer).toEqual(services)
  })

  it('keep committed rows and their addresses when all of them are killed at once', async () => {
    await query('create table kept (value int); insert into kept values (42)')
    for (const name of ['postgres', 'temporal']) process.kill(pidOf(name), 'SIGKILL')
    expect(await startServices()).toEqual(services)
    expect(await query('select value from kept')).toEqual([{ value: 42 }])
  })

  it('start although another process got the pid of a killed server', async () => {
    const other = spawn('sleep', ['60'])
    try {
      for (const name of ['postgres', 'temporal']) {
        process.kill(pidOf(name), 'SIGKILL')
        const note = readFileSync(pidFile(home, name), 'utf8')
        writeFileSync(pidFile(home, name), note.replace(/ \d+ \(/, ` ${other.pid} (`))
      }
      const lock = join(home, 'postgres', 'data', 'postmaster.pid')
      writeFileSync(lock, readFileSync(lock, 'utf8').replace(/^\d+/, String(other.pid)))
      expect(await startServices()).toEqual(services)
      expect(processIdentity(other.pid ?? 0)).toBeDefined()
    } finally {
      other.kill()
    }
  })

  it('never run twice on the same data, even when their records were deleted', async () => {
    const unrecorded = pidOf('postgres')
    for (const extension of ['json', 'pid']) rmSync(join(home, 'services', `postgres.${extension}`))
    const { databaseUrl } = await startPostgres(home)
    expect(processIdentity(unrecorded)).toBeUndefined()
    services = { ...services, databaseUrl }
    expect(await query('select 1 as one')).toEqual([{ one: 1 }])
  })

  it('take another port when theirs is in use', async () => {
    const port = Number(new URL(`http://${services.temporalAddress}`).port)
    process.kill(pidOf('temporal'), 'SIGKILL')
    while (pidOf('temporal') !== 0) await sleep(10)
    const occupant = createServer().listen(port, '127.0.0.1')
    await once(occupant, 'listening')
    try {
      const { temporalAddress } = await startTemporal(home)
      expect(temporalAddress).not.toBe(services.temporalAddress)
    } finally {
      occupant.close()
    }
  })

  it('start again when another program takes the port before the server listens', async () => {
    await stopTemporal(home)
    const folder = mkdtempSync(join(tmpdir(), 'gauntlet-infra-'))
    const ended = join(folder, 'ended')
    // A server that ends at once the first time, as it does when its port is in use.
    const script = `#!/bin/sh\nif [ "$1" = server ] && [ ! -e "${ended}" ]; then : > "${ended}"; exit 1; fi\nexec "${findTemporal()!.command}" "$@"\n`
    writeFileSync(join(folder, 'temporal'), script, { mode: 0o755 })
    vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH']}`)
    try {
      const { temporalAddress } = await startTemporal(home)
      expect(existsSync(ended)).toBe(true)
      services = { ...services, temporalAddress }
    } finally {
      vi.unstubAllEnvs()
      rmSync(folder, { recursive: true })
    }
  })

  it('refuse a wrong password, and only the owner can read the right one', async () => {
    const url = Object.assign(new URL(services.databaseUrl), { password: 'guess' })
    await expect(new pg.Client(url.href).connect()).rejects.toThrow('password authentication failed')
    expect(statSync(join(home, 'services', 'postgres.password')).mode & 0o777).toBe(0o600)
    expect(existsSync(join(home, 'postgres', 'data.new'))).toBe(false)
  })

  it('say which password is wrong, and do not wait for the start limit', async () => {
    const file = join(home, 'services', 'postgres.password')
    const password = readFileSync(file, 'utf8')
    writeFileSync(file, 'another')
    await expect(startPostgres(home)).rejects.toMatchObject({ name: 'PostgresPasswordLost' })
    writeFileSync(file, password)
  })
})
