import type { LedgerActivities } from '@gauntlet/contract'
import { recordPool } from '@gauntlet/ledger'
import type { Json } from '@gauntlet/study'
import type { Dependencies } from './dependencies.ts'

/** Records what the workers of a pool said of themselves. */
export function createRecordPool({ db }: Dependencies): LedgerActivities['recordPool'] {
  return ({ pool, description }) => recordPool(db, pool, description as unknown as Json)
}
