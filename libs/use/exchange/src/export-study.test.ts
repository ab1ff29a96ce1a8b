import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openArtifactStore } from '@gauntlet/artifacts'
import { useLedger } from '@gauntlet/ledger/fixtures/ledger'
import { expect, it } from 'vitest'
import { recordSmallStudy } from './recorded-study.fixture.ts'
import { exportStudy } from './export-study.ts'

const ledger = useLedger()
it('w', async () => {
  const folder = '/tmp/exp'
  const store = openArtifactStore(pathToFileURL(join(folder, 'store')).href)
  await recordSmallStudy(ledger.db, store)
  const out = await exportStudy({ db: ledger.db, store }, 'small', '/tmp/exp/small.zip', { roles: ['all'] })
  console.log(out)
  expect(1).toBe(1)
})
