import { readResults, type DescribedPool, type StudyResults } from '@gauntlet/client'
import type { StageCode } from '@gauntlet/contract'
import type { RowRange } from '@gauntlet/ledger'
import type { LedgerSession } from '../stack/local-ledger.ts'
import { sayNamesakes } from './say-namesakes.ts'
import { askWorkersOrLedger } from '../stack/worker-description.ts'

/**
 * Reads the table of a study, or these rows of it, by the present code and environment, and says by whose description
 * it goes.
 */
export async function readCurrentResults(
  { settings, db }: Pick<LedgerSession, 'settings' | 'db'>,
  study: string,
  rows?: RowRange,
): Promise<{ readonly results: StudyResults; readonly pool: DescribedPool }> {
  await sayNamesakes(db, study)
  let pool: DescribedPool | undefined
  const describe = async (codes: readonly StageCode[]) => {
    pool = await askWorkersOrLedger(settings, db, codes)
    return pool.description
  }
  const results = await readResults(db, study, describe, rows)
  return { results, pool: pool! }
}
