export { apgdAttack, type ApgdSettings } from './apgd-attack.ts'
export { apgdMoments, cuesAt, type Moment } from './apgd-moments.ts'
export { apgdStart, apgdStep, type ApgdStep, type Climb } from './apgd-step.ts'
export { apgd, type ApgdRun } from './apgd.ts'
export type { Adaptation, ApgdState, Ascent, AscentMemory } from './ascent.ts'
export { stepsOfAll, type Attack, type AttackStep, type Cost, type RunKey, type Script, type Target } from './attack.ts'
export { RadiusInvalid, type Ball } from './ball.ts'
export type { EnsembleProgress, SavedTensor } from './ensemble-progress.ts'
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
  type FlagPolicy,
} from './flags.ts'
export type { CleanAnswer, Gallery } from './gallery.ts'
export type { Inspection } from './inspection.ts'
export { l1 } from './l1.ts'
export { l2 } from './l2.ts'
export { linf } from './linf.ts'
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
export { filledUp, passRows } from './pass-rows.ts'
export { randomStart, type StartKey } from './random-start.ts'
export type { EnsembleVerdict } from './ensemble-verdict.ts'
export { runEnsemble, type Campaign } from './run-ensemble.ts'
export { squareAttack, type SquareSettings } from './square-attack.ts'
export { windowShare, type ImageShape, type SquareMoves } from './square-moves.ts'
export { judge, LogitsNotFinite, OutsideBall, requireFinite, type Sighting, type Verdict } from './verdict.ts'
