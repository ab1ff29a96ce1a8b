import type { LedgerActivities } from '@gauntlet/contract'
import { recordAttempt } from '@gauntlet/ledger'
import type { Dependencies } from './dependencies.ts'
import { reportedAttempt } from './reported-attempt.ts'

/** Records that an attempt was cancelled. */
export function createRecordCancelledAttempt({ db }: Dependencies): LedgerActivities['recordCancelledAttempt'] {
  return async ({ identity, configurationId, ...cancelled }) => {
    const attempt = { ...reportedAttempt(cancelled, {}), worker: null }
    await recordAttempt(db, { identity, configurationId, attempt, failure: 'cancelled' })
  }
}
