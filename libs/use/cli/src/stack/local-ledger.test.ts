import { serviceStatus } from '@gauntlet/infra'
import { expect, it } from 'vitest'
import { useHome } from './home.fixture.ts'
import { withLedger } from './local-ledger.ts'

const home = useHome()

const running = () => serviceStatus(home()).filter(({ state }) => state === 'running')

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
