import type { LedgerActivities } from '@gauntlet/contract'
import { fulfilledOutputs } from '@gauntlet/ledger'
import type { Dependencies } from './dependencies.ts'
import { areIntact } from './intact-artifacts.ts'

/** The outputs of a fulfilled stage, unless the store has lost one of them. */
export function createRecall({ db, store }: Dependencies): LedgerActivities['recall'] {
  return async ({ stageKey }) => {
    const generated = await fulfilledOutputs(db, stageKey)
    return generated && (await areIntact(store, generated)) ? { generated } : null
  }
}
