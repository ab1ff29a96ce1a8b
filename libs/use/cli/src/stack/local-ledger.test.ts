import { serviceStatus } from '@gauntlet/infra'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { withLedger } from './local-ledger.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'gauntlet-ledger-test-'))
  for (const name of ['DATABASE_URL', 'TEMPORAL_ADDRESS']) vi.stubEnv(name, undefined)
  vi.stubEnv('GAUNTLET_HOME', home)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(home, { recursive: true })
})

const running = () => serviceStatus(home).filter(({ state }) => state === 'running')

it('stops the Postgres that it started, also where it is interrupted meanwhile', async () => {
  expect(await withLedger(() => Promise.resolve(running().length))).toBe(1)
  expect(running()).toEqual([])
  const interrupted = withLedger(({ progress }) => {
    progress('at work')
    process.emit('SIGINT')
    progress('still at work')
    return Promise.resolve()
  }, 'Interrupted at work.')
  await expect(interrupted).rejects.toThrow('Interrupted at work.')
  expect(running()).toEqual([])
}, 60_000)
