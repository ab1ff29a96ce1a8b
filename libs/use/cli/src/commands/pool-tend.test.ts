import { freePort, serviceStatus } from '@gauntlet/infra'
import { Command } from 'commander'
import { expect, it, vi } from 'vitest'
import { useHome } from '../stack/home.fixture.ts'
import { addPoolTend } from './pool-tend.ts'

const home = useHome()

it('stops the Postgres that it started where Temporal cannot be reached', async () => {
  vi.stubEnv('TEMPORAL_ADDRESS', `127.0.0.1:${await freePort()}`)
  const pool = new Command()
  addPoolTend(pool)
  await expect(pool.parseAsync(['tend', '--once'], { from: 'user' })).rejects.toThrow('No Temporal server answers at')
  expect(serviceStatus(home()).filter(({ state }) => state === 'running')).toEqual([])
}, 120_000)
