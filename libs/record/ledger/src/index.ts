export { attemptCosts, measuredAttempts, type AttemptCost, type MeasuredAttempt } from './attempt-costs.ts'
export { changesSince, type LedgerChanges } from './changes-since.ts'
export { LedgerAbsent, LedgerMisplaced, LedgerOlder } from './ledger-absent.ts'
export { executionGraph, type ExecutionNode } from './execution-graph.ts'
export { findStudy, studiesNamed, studyFile, type RecordedStudy } from './find-study.ts'
export { fulfilExecution, type FulfilmentReport } from './fulfil-execution.ts'
export { fulfilledOutputs, fulfilledOutputsOf } from './fulfilled-outputs.ts'
export { readImportedStudy, type ImportedStudy } from './imported-study.ts'
export { kindOfStudy, StudyNameAmbiguous, type StudyKind } from './kind-of-study.ts'
export { fulfilledAbout, knownStages, lastFailures, type KnownExecution } from './known-executions.ts'
export { LedgerNewer } from './ledger-newer.ts'
export { LedgerUnreachable } from './ledger-unreachable.ts'
export { LineageBroken } from './lineage-broken.ts'
export { measuredUnder } from './measured-under.ts'
export { MeasurementUnknown } from './measurement-unknown.ts'
export { listStudies, type ListedStudy } from './list-studies.ts'
export { ledgerIdentity, migrate, requireLedger } from './migrate.ts'
export { openLedger, type LedgerDatabase } from './open-ledger.ts'
export { outOfMemoryFacts } from './out-of-memory.ts'
export { lastPoolDescription, recordPool } from './pool-description.ts'
export { reachableArtifacts, stageStates, studyFileType, type StageState } from './reachable-artifacts.ts'
export { beginAttempt, recordAttempt, type Attempt } from './record-attempt.ts'
export { recordFailure } from './record-failure.ts'
export { recordImport, StudyNameTaken, type ClaimedRow, type ImportRecord } from './record-import.ts'
export { measurementId, recordMeasurement } from './record-measurement.ts'
export { perturbationKey, recordStudy } from './record-study.ts'
export type { ClaimedPerturbation } from './schema/imported-study.ts'
export { searchLedger, type SearchHit } from './search-ledger.ts'
export {
  evidenceOf,
  studyEvidence,
  studyGrid,
  type GridConfiguration,
  type RecordedFailure,
  type RecordedMeasurement,
  type StudyEvidence,
  type StudyGrid,
} from './study-evidence.ts'
export { annotateStudy, readAnnotations, type AnnotatedStudy } from './study-annotations.ts'
export { StudyUnknown } from './study-unknown.ts'
export { traceMeasurement, type MeasurementTrace, type TracedExecution } from './trace-measurement.ts'
export { withdrawFulfilment } from './withdraw-fulfilment.ts'
