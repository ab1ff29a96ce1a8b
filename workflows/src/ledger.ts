import type { LedgerActivities } from '@gauntlet/contract'
import { proxyLocalActivities } from '@temporalio/workflow'
import { answeringOneByOne } from './one-by-one.ts'

/**
 * The activities of the ledger. They are done by the very worker that runs the workflows, without a round through the
 * server: a configuration makes two for each stage, which take milliseconds. All are idempotent. A ledger or a store
 * that does not answer is asked again for a day; of every other error the worker says that a retry is in vain
 * (`workers/ledger/src/classed.ts`).
 */
export const ledger = answeringOneByOne(
  proxyLocalActivities<LedgerActivities>({
    startToCloseTimeout: '1 hour',
    scheduleToCloseTimeout: '1 day',
    retry: { initialInterval: '500 ms', maximumInterval: '30 s' },
  }),
)
