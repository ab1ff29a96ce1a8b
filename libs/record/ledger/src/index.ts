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
} from './audit/audited-study.ts'
export { attemptCosts, measuredAttempts, type AttemptCost, type MeasuredAttempt } from './executions/attempt-costs.ts'
export {
  auditedBridges,
  bridgesOf,
  bridgesTo,
  BridgeUnfounded,
  BridgeUnknown,
  recordBridge,
  revokeBridge,
  type AuditedBridge,
  type Bridge,
  type BridgeOfStage,
  type BridgeRecord,
} from './audit/bridges.ts'
export { bridgedStages, knownOutputsOf, recordedKeysOf, type StageBridge } from './executions/bridged-stages.ts'
export { changesSince, type LedgerChanges } from './studies/changes-since.ts'
export { LedgerAbsent, LedgerMisplaced, LedgerOlder } from './database/ledger-absent.ts'
export { citingSeals, importSealsOf, type CitingSeal } from './seals/citing-seals.ts'
export { droppableArtifacts, type DroppableArtifacts } from './audit/droppable-artifacts.ts'
export { doubtReach, type DoubtReach, type RestingNumber, type RestingStage } from './audit/doubt-reach.ts'
export {
  doubtable,
  DoubtSubjectUnknown,
  DoubtUnknown,
  listDoubts,
  raiseDoubt,
  withdrawDoubt,
  type Doubt,
} from './audit/doubts.ts'
export { executionGraph, type ExecutionNode } from './executions/execution-graph.ts'
export { factId, factKinds, factPlace, type Fact, type FactKind, type FactOf } from './seals/facts.ts'
export { findStudy, studiesNamed, studyFile, type RecordedStudy } from './studies/find-study.ts'
export { fulfilExecution, type FulfilmentReport } from './executions/fulfil-execution.ts'
export { fulfilledOutputs, fulfilledOutputsOf } from './executions/fulfilled-outputs.ts'
export { ImportContradicted } from './seals/import-contradicted.ts'
export { importFacts, type ImportCounts, type ImportedSeal } from './seals/import-facts.ts'
export { readImportedStudy, type ImportedStudy } from './studies/imported-study.ts'
export { kindOfStudy, StudyNameAmbiguous, type StudyKind } from './studies/kind-of-study.ts'
export {
  fulfilledAbout,
  knownStages,
  lastFailures,
  recallIntact,
  stageSubject,
  triedStages,
  type KnownExecution,
} from './executions/known-executions.ts'
export { LedgerNewer } from './database/ledger-newer.ts'
export { LedgerUnreachable } from './database/ledger-unreachable.ts'
export { LineageBroken } from './executions/lineage-broken.ts'
export { measuredUnder } from './executions/measured-under.ts'
export { MeasurementUnknown } from './executions/measurement-unknown.ts'
export { listStudies, usualListLength, type ListedStudy } from './studies/list-studies.ts'
export { ledgerIdentity, migrate, requireLedger } from './database/migrate.ts'
export { openLedger, type LedgerDatabase } from './database/open-ledger.ts'
export { outOfMemoryFacts } from './executions/out-of-memory.ts'
export {
  declaredPools,
  declarePool,
  holdPool,
  placeConfigurations,
  placements,
  poolEnvironment,
  type RecordedDeclaration,
} from './pools/pools.ts'
export { lastPoolDescription, recordPool } from './pools/pool-description.ts'
export { reachableArtifacts, stageStates, studyFileType, type StageState } from './audit/reachable-artifacts.ts'
export { beginAttempts, recordAttempt, type Attempt } from './executions/record-attempt.ts'
export { recordFailure } from './studies/record-failure.ts'
export { recordImport, StudyNameTaken, type ClaimedRow, type ImportRecord } from './studies/record-import.ts'
export {
  ledgerTime,
  recordSeal,
  sealedArtifacts,
  sealsOf,
  whileSealing,
  type RecordedSeal,
} from './seals/record-seal.ts'
export { perturbationKey, recordStudy, type StudyRecord } from './studies/record-study.ts'
export { measurementId, measurementIdOf, recordMeasurements } from './executions/record-measurement.ts'
export type { ClaimedPerturbation } from './schema/imported-study.ts'
export {
  recordReproduction,
  reproductionsOf,
  type Reproduction,
  type ReproductionRecord,
} from './audit/reproductions.ts'
export { reproductionVerdicts } from './schema/reproduction.ts'
export { searchLedger, type SearchHit } from './studies/search-ledger.ts'
export {
  evidenceOf,
  rowsOfStudy,
  studyEvidence,
  studyGrid,
  type GridConfiguration,
  type RecordedFailure,
  type RecordedMeasurement,
  type RowRange,
  type StudyEvidence,
  type StudyGrid,
} from './studies/study-evidence.ts'
export {
  artifactRoles,
  artifactsByRole,
  recordKeys,
  withStudyFacts,
  type PlacedFact,
  type RecordKeys,
} from './seals/study-facts.ts'
export { storedSizes, type StoredRole, type StoredSizes } from './audit/stored-sizes.ts'
export { annotateStudy, readAnnotations, type AnnotatedStudy } from './studies/study-annotations.ts'
export { StudyUnknown } from './studies/study-unknown.ts'
export { traceMeasurement, type MeasurementTrace, type TracedExecution } from './executions/trace-measurement.ts'
export { withdrawFulfilment } from './executions/withdraw-fulfilment.ts'
