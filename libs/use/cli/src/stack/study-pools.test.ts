import { declarePool } from '@gauntlet/ledger'
import { useLedger } from '@gauntlet/ledger/fixtures/ledger'
import { expect, it, vi } from 'vitest'
import { readCommandSettings } from '../settings.ts'
import { useHome } from './home.fixture.ts'
import { LocalStack } from './local-stack.ts'
import { studyPlace } from './study-pools.ts'

const started = vi.hoisted(() => [] as { readonly name: string; readonly env: NodeJS.ProcessEnv }[])
vi.mock('@gauntlet/infra', async (actual) => ({
  ...(await actual<object>()),
  startTemporal: () => Promise.resolve({ temporalAddress: '127.0.0.1:1' }),
  startReach: () => Promise.resolve(),
  startProcess: (_home: string, process: (typeof started)[number]) => Promise.resolve(started.push(process)),
}))

useHome()
const ledger = useLedger()

it.each([
  ['sources', 'sources'],
  ['', 'fetch'],
])('has GAUNTLET_FETCH_POOL %j fetch for studies and for the worker that is started to fetch', async (set, pool) => {
  vi.stubEnv('GAUNTLET_FETCH_POOL', set)
  const settings = { ...readCommandSettings(), databaseUrl: ledger.databaseUrl }
  await declarePool(ledger.db, 'cluster', { accelerator: 'h100', memory: null, start: { by: 'hand' } })
  expect(await studyPlace({ ...settings, pool: 'cluster' }, ledger.db)).toEqual({
    declared: { pools: ['cluster'], fetch: pool },
  })
  const stack = new LocalStack(settings)
  stack.onlyFetch()
  await stack.everything()
  expect(started.findLast(({ name }) => name === 'fetch-worker')?.env.GAUNTLET_POOL).toBe(pool)
})
