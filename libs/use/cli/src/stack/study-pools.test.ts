import { declarePool } from '@gauntlet/ledger'
import { useLedger } from '@gauntlet/ledger/fixtures/ledger'
import { expect, it } from 'vitest'
import { readCommandSettings } from '../settings.ts'
import { studyPlace } from './study-pools.ts'

const ledger = useLedger()

it.each([
  ['sources', 'sources'],
  ['', 'fetch'],
])('has GAUNTLET_FETCH_POOL %j fetch for studies of declared pools', async (set, pool) => {
  const settings = readCommandSettings({ GAUNTLET_FETCH_POOL: set })
  expect(settings.fetchPool).toBe(pool) // which the worker that is started to fetch joins
  await declarePool(ledger.db, 'cluster', { accelerator: 'h100', memory: null, start: { by: 'hand' } })
  expect(await studyPlace({ ...settings, pool: 'cluster' }, ledger.db)).toEqual({
    declared: { pools: ['cluster'], fetch: pool },
  })
})
