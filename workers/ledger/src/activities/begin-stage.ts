import type { LedgerActivities } from '@gauntlet/contract'
import { beginAttempt, knownOutputsOf, lastFailures } from '@gauntlet/ledger'
import { stageKey } from '@gauntlet/study'
import type { Dependencies } from './dependencies.ts'
import { areIntact } from './intact-artifacts.ts'
import { reportedAttempt } from './reported-attempt.ts'

/**
 * The outputs of a stage that is fulfilled, or that a bridge leads to, unless the store has lost one of them, or that
 * its training diverges. Else records that an attempt begins.
 */
export function createBeginStage({ db, store }: Dependencies): LedgerActivities['beginStage'] {
  return async ({ distrusted, ...begun }) => {
    const { identity, configurationId } = begun
    const key = stageKey(identity)
    const generated = (await knownOutputsOf(db, [key])).get(key)
    if (generated && (await areIntact(store, generated, distrusted))) return { generated }
    const failure = (await lastFailures(db, [key])).get(key)
    if (failure?.failureClass === 'Diverged') return { diverged: failure.message }
    const attempt = { ...reportedAttempt(begun, {}), worker: null }
    await beginAttempt(db, { identity, configurationId }, attempt)
    return null
  }
}
