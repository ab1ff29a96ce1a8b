import type { LedgerActivities } from '@gauntlet/contract'
import { recordFailure } from '@gauntlet/ledger'
import type { Dependencies } from './dependencies.ts'

/** Records why a cell of a study, or every cell of a configuration, stays without a number. */
export function createRecordMissingCell({ db }: Dependencies): LedgerActivities['recordMissingCell'] {
  return ({ perturbation, stageKey, ...cell }) => {
    const failed = { perturbation: perturbation ?? null, stageKey: stageKey ?? null }
    return recordFailure(db, { ...cell, ...failed, evidence: null })
  }
}
