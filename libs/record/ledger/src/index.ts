export {
  auditedExecutions,
  auditedGrid,
  auditedMeasurements,
  environmentsOf,
  producersOf,
  type AuditedExecution,
  type AuditedGrid,
  type AuditedMeasurement,
  type Producer,
} from './audited-study.ts'
export { attemptCosts, measuredAttempts, type AttemptCost, type MeasuredAttempt } from './attempt-costs.ts'
export { changesSince, type LedgerChanges } from './changes-since.ts'
export { LedgerAbsent, LedgerMisplaced, LedgerOlder } from './ledger-absent.ts'
export { droppableArtifacts, type DroppableArtifacts } from './droppable-artifacts.ts'
export { doubtReach, type DoubtReach, type RestingNumber, type RestingStage } from './doubt-reach.ts'
export {
  doubtable,
  DoubtSubjectUnknown,
  DoubtUnknown,
  listDoubts,
  raiseDoubt,
  withdrawDoubt,
  type Doubt,
} from './doubts.ts'
export { executionGraph, type ExecutionNode } from './execution-graph.ts'
export { factId, factKinds, factPlace, type Fact, type FactKind, type FactOf } from './facts.ts'
export { findStudy, studiesNamed, studyFile, type RecordedStudy } from './find-study.ts'
export { fulfilExecution, type FulfilmentReport } from './fulfil-execution.ts'
export { fulfilledOutputs, fulfilledOutputsOf } from './fulfilled-outputs.ts'
export { ImportContradicted } from './import-contradicted.ts'
export { importFacts, type ImportCounts, type ImportedSeal } from './import-facts.ts'
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
export {
  declaredPools,
  declarePool,
  holdPool,
  placeConfigurations,
  placements,
  poolEnvironment,
  type PoolEnvironment,
  type RecordedDeclaration,
} from './pools.ts'
export { lastPoolDescription, recordPool } from './pool-description.ts'
export { reachableArtifacts, stageStates, studyFileType, type StageState } from './reachable-artifacts.ts'
export { beginAttempt, recordAttempt, type Attempt } from './record-attempt.ts'
export { recordFailure } from './record-failure.ts'
export { recordImport, StudyNameTaken, type ClaimedRow, type ImportRecord } from './record-import.ts'
export { ledgerTime, recordSeal, sealedArtifacts, sealsOf, type RecordedSeal } from './record-seal.ts'
export { perturbationKey, recordStudy, type StudyRecord } from './record-study.ts'
export { measurementId, measurementIdOf, recordMeasurement } from './record-measurement.ts'
export type { ClaimedPerturbation } from './schema/imported-study.ts'
export { recordReproduction, reproductionsOf, type Reproduction, type ReproductionRecord } from './reproductions.ts'
export { reproductionVerdicts } from './schema/reproduction.ts'
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
export { artifactsByRole, recordKeys, withStudyFacts, type RecordKeys } from './study-facts.ts'
export { storedSizes, type StoredRole, type StoredSizes } from './stored-sizes.ts'
export { annotateStudy, readAnnotations, type AnnotatedStudy } from './study-annotations.ts'
export { StudyUnknown } from './study-unknown.ts'
export { traceMeasurement, type MeasurementTrace, type TracedExecution } from './trace-measurement.ts'
export { withdrawFulfilment } from './withdraw-fulfilment.ts'
