import { readResults, type StudyResults } from '@gauntlet/client'
import type { LedgerSession } from '../stack/local-ledger.ts'
import { askWorkersOrLedger, type PoolDescription } from '../stack/worker-description.ts'

/** Reads the table of a study by the present code and environment, and says by whose description it goes. */
export async function readCurrentResults(
  { settings, db }: Pick<LedgerSession, 'settings' | 'db'>,
  study: string,
): Promise<{ readonly results: StudyResults; readonly pool: PoolDescription }> {
  let pool: PoolDescription | undefined
  const results = await readResults(db, study, async (codes) => {
    pool = await askWorkersOrLedger(settings, db, codes)
    return pool.description
  })
  return { results, pool: pool! }
}
