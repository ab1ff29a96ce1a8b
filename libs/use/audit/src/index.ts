export { bridgeSample } from './bridge/bridge-sample.ts'
export { refusalOfBridge } from './bridge/judge-bridge.ts'
export { planBridge, type BridgePlan } from './bridge/plan-bridge.ts'
export { diffNumbers, type Diff, type NumberPair } from './diff/diff-numbers.ts'
export { DiffSubjectUnknown, readSide, type DiffNumber, type DiffSide } from './diff/diff-side.ts'
export { reportDoubt, type DoubtedTable, type DoubtReport } from './doubt-report.ts'
export {
  judgeReproduction,
  type ComparedStage,
  type JudgedReproduction,
  type ReproductionVerdict,
} from './reproduce/judge-reproduction.ts'
export { LineageIncomplete, recordedNumber } from './reproduce/recorded-number.ts'
export { sampledNumbers } from './reproduce/sampled-numbers.ts'
export { CountedOutcomes } from './verify/counted-outcomes.ts'
export { microBatchOf } from './verify/expected-identity.ts'
export { Links, type Finding, type Level, type LevelContext, type LevelReport, type LinkState } from './verify/level.ts'
export { verificationLevels } from './verify/levels.ts'
export type { StudyRecord } from './verify/study-record.ts'
export {
  verifyStudy,
  type CheckedLevel,
  type Verification,
  type VerificationProgress,
  type VerifyOptions,
} from './verify/verify-study.ts'
