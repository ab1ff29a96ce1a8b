export { evaluate } from './evaluate.ts'
export type {
  AttackEvaluation,
  CapturableModel,
  Evaluated,
  Evaluation,
  EvaluationProgress,
  SavedEvaluation,
} from './evaluation.ts'
export { ensembleAttacks, evaluatorAttacks, type EvaluatorAttacks } from './evaluator-attacks.ts'
export { evaluateUnderAttack } from './under-attack.ts'
export { evaluateWithoutAttack } from './without-attack.ts'
export type { ImageBatch, ImageReader } from './image-reader.ts'
export * from './outcomes.ts'
export { ResumeInvalid } from './resume.ts'
