import type { AuditedExecution, AuditedMeasurement } from '@gauntlet/ledger'
import type { StudyRecord } from './study-record.ts'

/** How findings name an execution. */
export function executionSubject({ stageKey, identity }: AuditedExecution): string {
  return `execution ${stageKey} (${identity.stage})`
}

/** How findings name a number. */
export function measurementSubject(measurement: AuditedMeasurement, { rowOf }: StudyRecord): string {
  return `measurement ${measurement.id} (row ${rowOf(measurement)})`
}
