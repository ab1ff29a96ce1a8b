import { expect, it } from 'vitest'
import { readLedgerWorkerSettings, LedgerWorkerSettingsInvalid } from './settings.ts'

const needed = { DATABASE_URL: 'postgres://x', GAUNTLET_ARTIFACTS: 'file:///a', TEMPORAL_ADDRESS: '127.0.0.1:7233' }

it.each(Object.keys(needed))('refuses to start without %s, and names it', (name) => {
  const read = () => readLedgerWorkerSettings({ ...needed, [name]: '' })
  expect(read).toThrow(LedgerWorkerSettingsInvalid)
  expect(read).toThrow(name)
})

it('takes the namespace and its own name from the environment', () => {
  const settings = readLedgerWorkerSettings({ ...needed, TEMPORAL_NAMESPACE: 'team', GAUNTLET_WORKER: 'ledger-1' })
  expect(settings).toMatchObject({ temporal: { namespace: 'team' }, identity: 'ledger-1' })
})

it('makes its workflows current unless somebody else does', () => {
  expect(readLedgerWorkerSettings(needed).makesCurrent).toBe(true)
  expect(readLedgerWorkerSettings({ ...needed, GAUNTLET_ROLLOUT: 'by-hand' }).makesCurrent).toBe(false)
})
