import type { LedgerActivities } from '@gauntlet/contract'
import { recordAttempt } from '@gauntlet/ledger'
import type { Dependencies } from './dependencies.ts'
import { reportedAttempt } from './reported-attempt.ts'

/** Records that an attempt has failed, with its failure class. */
export function createRecordFailedAttempt({ db }: Dependencies): LedgerActivities['recordFailedAttempt'] {
  return async ({ identity, configurationId, failureClass, message, evidence, ...report }) => {
    const attempt = reportedAttempt(report, evidence)
    await recordAttempt(db, { identity, configurationId, attempt, failure: { class: failureClass, message } })
  }
}
