import { startPostgres } from '@gauntlet/infra'
import { expect, it, vi } from 'vitest'
import { useHome } from '../stack/home.fixture.ts'
import { withLedger } from '../stack/local-ledger.ts'
import { callCommand } from './call-command.fixture.ts'
import { addWorker } from './worker.ts'

const home = useHome()

it('serves no pool that is not declared', async () => {
  await withLedger(async () => {
    vi.stubEnv('DATABASE_URL', (await startPostgres(home())).databaseUrl).stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:1')
    const served = callCommand(addWorker, 'worker', '--pool', 'nosuch')
    await expect(served).rejects.toThrow('No pool "nosuch" is declared; see: npx gauntlet pool list')
  })
}, 60_000)

it('says in a sentence that the ledger cannot be reached', async () => {
  vi.stubEnv('DATABASE_URL', 'postgres://127.0.0.1:1/none').stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:1')
  await expect(callCommand(addWorker, 'worker', '--pool', 'lab')).rejects.toMatchObject({ name: 'LedgerUnreachable' })
})
