import type { Digest } from '@gauntlet/study'
import type { LedgerDatabase } from './database/open-ledger.ts'
import { recordMeasurements, type MeasurementRecord } from './executions/record-measurement.ts'

/** Records one number, and returns its id. */
export async function recordMeasurement(db: LedgerDatabase, record: MeasurementRecord): Promise<Digest> {
  return (await recordMeasurements(db, [record]))[0]!
}
