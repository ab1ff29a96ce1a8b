export { attemptDurations, type AttemptDuration } from './attempt-durations.ts'
export { executionGraph, type ExecutionNode } from './execution-graph.ts'
export { findStudy, type RecordedStudy } from './find-study.ts'
export { fulfilExecution, type Fulfilment, type FulfilmentReport, type Standing } from './fulfil-execution.ts'
export { fulfilledOutputs, fulfilledOutputsOf, knownStageKeys } from './fulfilled-outputs.ts'
export { LedgerNewer } from './ledger-newer.ts'
export { LedgerUnreachable } from './ledger-unreachable.ts'
export { LineageBroken } from './lineage-broken.ts'
export { MeasurementUnknown } from './measurement-unknown.ts'
export { migrate } from './migrate.ts'
export { openLedger, type Ledger, type LedgerDatabase } from './open-ledger.ts'
export { lastPoolDescription, recordPool, type RecordedPool } from './pool-description.ts'
export { outOfMemoryFacts, type OutOfMemoryFacts } from './out-of-memory.ts'
export { recordAttempt, type Attempt, type AttemptReport } from './record-attempt.ts'
export type { ExecutionSubject } from './record-execution.ts'
export { recordFailure, type FailureRecord } from './record-failure.ts'
export { measurementId, recordMeasurement, type MeasurementRecord } from './record-measurement.ts'
export { perturbationKey, recordStudy, type StudyRecord } from './record-study.ts'
export { studyEvidence, type RecordedFailure, type RecordedMeasurement, type StudyEvidence } from './study-evidence.ts'
export { StudyUnknown } from './study-unknown.ts'
export {
  traceMeasurement,
  type MeasurementTrace,
  type TracedAttempt,
  type TracedExecution,
} from './trace-measurement.ts'
export { isTransientLedgerError } from './transient.ts'
export { withdrawFulfilment } from './withdraw-fulfilment.ts'
