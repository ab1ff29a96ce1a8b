import { numbersOfImport, numbersOfResults } from '@gauntlet/client'
import type { StudyNumbers } from '@gauntlet/analysis'
import { kindOfStudy, readImportedStudy } from '@gauntlet/ledger'
import type { LedgerSession } from '../stack/local-ledger.ts'
import { readCurrentResults } from './read-current-results.ts'

/**
 * The numbers of a study by name or id: of one that ran those by the present code and environment, of an imported one
 * those of its table. Throws `StudyUnknown` and `StudyNameAmbiguous`.
 */
export async function readStudyNumbers(session: LedgerSession, study: string): Promise<StudyNumbers> {
  if ((await kindOfStudy(session.db, study)) === 'measured')
    return numbersOfResults((await readCurrentResults(session, study)).results)
  return numbersOfImport((await readImportedStudy(session.db, study))!)
}
