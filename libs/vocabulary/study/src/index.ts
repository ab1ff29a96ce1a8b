export { addDataset } from './add-dataset.ts'
export { cellLabel, type Cell } from './cell.ts'
export * from './configuration.ts'
export * from './digest.ts'
export type { EvaluationFlag, FlagPolicy } from './evaluation-flag.ts'
export { parseHypotheses, type Hypothesis } from './hypotheses.ts'
export { InvalidInput } from './invalid-input.ts'
export { type UnpinnedSource } from './pins.ts'
export { formatLock, lockFileName, parseLock, withLock, type PinnedSource, type SourceLock } from './source-lock.ts'
export * from './stage.ts'
export { expandStudy, outlineStudy, parseStudy, studyId, type Expansion, type Study } from './study-file.ts'
export * from './catalogue/backbone-catalogue.ts'
export {
  factsIn,
  factsOfFamily,
  pixelContractNames,
  pixelContracts,
  type BackboneFacts,
  type BackboneFamily,
  type PixelContract,
  type SideRule,
} from './catalogue/backbone-facts.ts'
export * from './catalogue/backbone-table.ts'
export { closestName, closestNames } from './catalogue/closest-name.ts'
export * from './catalogue/corruption-portfolio.ts'
export * from './catalogue/dataset-catalogue.ts'
export { computesWith, sidesText } from './catalogue/side-rule.ts'
export { configurationCost, stageCosts, type StageCost } from './cost/cost.ts'
export type { Passes } from './cost/passes.ts'
export type { Exclusion } from './expansion/grid.ts'
export { defaultHyperparameters } from './expansion/hyperparameters.ts'
export { epsilonLabel, matchesArchivedImages, perturbationLabel } from './expansion/perturbations.ts'
export { largestDistance } from './expansion/pixel-box.ts'
export { studyJsonSchema } from './schema/json-schema.ts'
export { annotationProblem, type StudyAnnotations } from './schema/study-annotations.ts'
export { StudyFileInvalid, type SourcePosition, type StudyProblem } from './schema/study-problem.ts'
