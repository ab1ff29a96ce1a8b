import type { LedgerActivities } from '@gauntlet/contract'
import { holdPool, poolEnvironment } from '@gauntlet/ledger'
import type { Dependencies } from './dependencies.ts'

/** The environment to which a declared pool is held. */
export function createPoolEnvironment({ db }: Dependencies): LedgerActivities['poolEnvironment'] {
  return ({ pool }) => poolEnvironment(db, pool)
}

/** Holds a declared pool to the environment of its first worker. */
export function createHoldPool({ db }: Dependencies): LedgerActivities['holdPool'] {
  return ({ pool, environment }) => holdPool(db, pool, environment)
}
