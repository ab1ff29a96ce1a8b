export { attack, type AttackedImage, type AttackResult } from './attack-images.ts'
export type { AttackSettings } from './attack-input.ts'
export { apgdAttack, type ApgdSettings } from './apgd-attack.ts'
export { apgdStepInputs, stepInputsAt, type ApgdStepInput } from './apgd-step-inputs.ts'
export { apgdStart, apgdStep, type ApgdStep, type ApgdStepSettings } from './apgd-step.ts'
export { apgd, type ApgdRun } from './apgd.ts'
export type { Adaptation, ApgdState, Ascent, AscentGeometry, AscentMemory } from './ascent.ts'
export {
  stepsOfAll,
  type Attack,
  type AttackProblem,
  type AttackStep,
  type Cost,
  type RunInputs,
  type RunKey,
} from './attack.ts'
export type { Ball } from './ball.ts'
export { ballOf } from './balls.ts'
export { inputsOfSteps } from './block.ts'
export type { CleanPrediction } from './clean-prediction.ts'
export type { EnsembleProgress, SavedTensor } from './ensemble-progress.ts'
export type { EnsembleTask, OnBlock } from './ensemble-state.ts'
export type { EnsembleVerdict } from './ensemble-verdict.ts'
export {
  attacksOf,
  ensembleNames,
  ensembleOf,
  escalationOf,
  type AttackEntry,
  type Ensemble,
  type EnsembleName,
} from './ensemble.ts'
export { fabAttack, type FabSettings } from './fab-attack.ts'
export {
  flagNames,
  flagsAfterEscalation,
  flagsOfAnswers,
  flagsOfGradients,
  flagsOfHeld,
  flagsOfVerdicts,
  type Flag,
  type FlagName,
} from './flags.ts'
export { gradientByPoints } from './gradient-by-points.ts'
export { subsetOf, type ImageSet } from './image-set.ts'
export { l1 } from './l1.ts'
export { l2 } from './l2.ts'
export { linf } from './linf.ts'
export type { LossEvaluation } from './loss-evaluation.ts'
export {
  crossEntropy,
  differenceOfLogitsRatio,
  marginOf,
  targetedDifferenceOfLogitsRatio,
  targetLead,
  type LogitsFunction,
  type Loss,
} from './loss.ts'
export { frozenNetwork, type NamedParameters, type Network } from './network.ts'
export { paddedBatch, passRows } from './pass-rows.ts'
export { runEnsemble } from './run-ensemble.ts'
export { squareAttack, type SquareSettings } from './square-attack.ts'
export { windowShare, type ImageShape, type SquareMoves } from './square-moves.ts'
export {
  LogitsNotFinite,
  OutsideBall,
  requireFinite,
  verdictAfter,
  type PointPrediction,
  type Verdict,
} from './verdict.ts'
