import { inArray } from 'drizzle-orm'
import type { Digest } from '@gauntlet/study'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { measurement } from '../schema/index.ts'

/** The ids of the measurements whose outcomes evaluations of these keys made. */
export async function measuredUnder(db: LedgerDatabase, stageKeys: readonly Digest[]): Promise<ReadonlySet<Digest>> {
  if (stageKeys.length === 0) return new Set()
  const rows = await db
    .select({ id: measurement.id })
    .from(measurement)
    .where(inArray(measurement.stageKey, [...stageKeys]))
  return new Set(rows.map(({ id }) => id))
}
