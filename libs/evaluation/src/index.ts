export {
  evaluate,
  type CapturableModel,
  type Evaluated,
  type Evaluation,
  type EvaluationProgress,
  type SavedEvaluation,
} from './evaluate.ts'
export { ballOf, ensembleAttacks, type EvaluatorAttacks } from './evaluator-attacks.ts'
export { evaluateUnderAttack, type AttackEvaluation } from './under-attack.ts'
export { ImagesInvalid, type ImageBatch, type ImageReader } from './image-reader.ts'
export * from './outcomes.ts'
export { ResumeInvalid } from './resume.ts'
