export { attack, type AttackedImage, type AttackResult } from './attack-images.ts'
export type { AttackSettings } from './attack-input.ts'
export { apgdAttack, type ApgdSettings } from './attack/apgd-attack.ts'
export { apgdStepInputs, stepInputsAt, type ApgdStepInput } from './attack/apgd-step-inputs.ts'
export { apgdStart, apgdStep, type ApgdStep, type ApgdStepSettings } from './attack/apgd-step.ts'
export { apgd, type ApgdRun } from './attack/apgd.ts'
export type { Adaptation, ApgdState, Ascent, AscentGeometry, AscentMemory } from './balls/ascent.ts'
export {
  stepsOfAll,
  type Attack,
  type AttackProblem,
  type AttackStep,
  type Cost,
  type RunInputs,
  type RunKey,
} from './attack/attack.ts'
export type { Ball } from './balls/ball.ts'
export { ballOf } from './balls/balls.ts'
export { inputsOfSteps } from './ensemble/block.ts'
export type { CleanPrediction } from './ensemble/clean-prediction.ts'
export type { EnsembleProgress, SavedTensor } from './ensemble/ensemble-progress.ts'
export type { EnsembleTask, OnBlock } from './ensemble/ensemble-state.ts'
export type { EnsembleVerdict } from './ensemble/ensemble-verdict.ts'
export {
  attacksOf,
  ensembleNames,
  ensembleOf,
  escalationOf,
  type AttackEntry,
  type Ensemble,
  type EnsembleName,
} from './ensemble/ensemble.ts'
export { fabAttack, type FabSettings } from './attack/fab-attack.ts'
export {
  flagNames,
  flagsAfterEscalation,
  flagsOfAnswers,
  flagsOfGradients,
  flagsOfHeld,
  flagsOfVerdicts,
  type Flag,
  type FlagName,
} from './ensemble/flags.ts'
export { gradientByPoints } from './attack/gradient-by-points.ts'
export { subsetOf, type ImageSet } from './ensemble/image-set.ts'
export { l1 } from './balls/l1.ts'
export { l2 } from './balls/l2.ts'
export { linf } from './balls/linf.ts'
export type { LossEvaluation } from './attack/loss-evaluation.ts'
export {
  crossEntropy,
  differenceOfLogitsRatio,
  marginOf,
  targetedDifferenceOfLogitsRatio,
  targetLead,
  type LogitsFunction,
  type Loss,
} from './attack/loss.ts'
export { frozenNetwork, type NamedParameters, type Network } from './attack/network.ts'
export { paddedBatch, passRows } from './ensemble/pass-rows.ts'
export { runEnsemble } from './ensemble/run-ensemble.ts'
export { squareAttack, type SquareSettings } from './attack/square-attack.ts'
export { windowShare, type ImageShape, type SquareMoves } from './balls/square-moves.ts'
export {
  LogitsNotFinite,
  OutsideBall,
  requireFinite,
  verdictAfter,
  type PointPrediction,
  type Verdict,
} from './ensemble/verdict.ts'
