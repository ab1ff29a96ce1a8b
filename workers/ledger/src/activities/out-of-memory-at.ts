import type { LedgerActivities } from '@gauntlet/contract'
import { outOfMemoryFacts } from '@gauntlet/ledger'
import type { Dependencies } from './dependencies.ts'

/** The micro-batch at which fine-tuning of such a configuration ran out of memory before. */
export function createOutOfMemoryAt({ db }: Dependencies): LedgerActivities['outOfMemoryAt'] {
  return async ({ configuration, environmentClass }) => {
    const ranOutAt = await outOfMemoryFacts(db, environmentClass)
    return ranOutAt(configuration)
  }
}
