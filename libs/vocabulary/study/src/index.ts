export { addDataset } from './add-dataset.ts'
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
export { computesWith, sidesText } from './catalogue/side-rule.ts'
export * from './catalogue/corruption-portfolio.ts'
export { closestName, closestNames } from './catalogue/closest-name.ts'
export * from './catalogue/dataset-catalogue.ts'
export * from './configuration.ts'
export { configurationCost, stageCosts, type StageCost } from './cost.ts'
export type { Passes } from './passes.ts'
export * from './digest.ts'
export * from './stage.ts'
export { cellLabel, type Cell } from './cell.ts'
export type { EvaluationFlag, FlagPolicy } from './evaluation-flag.ts'
export type { Exclusion } from './grid.ts'
export { defaultHyperparameters } from './hyperparameters.ts'
export { InvalidInput } from './invalid-input.ts'
export { parseHypotheses, type Hypothesis } from './hypotheses.ts'
export { type UnpinnedSource } from './pins.ts'
export { formatLock, lockFileName, parseLock, withLock, type PinnedSource, type SourceLock } from './source-lock.ts'
export { studyJsonSchema } from './json-schema.ts'
export { largestDistance } from './pixel-box.ts'
export { epsilonLabel, matchesArchivedImages, perturbationLabel } from './perturbations.ts'
export { expandStudy, outlineStudy, parseStudy, studyId, type Expansion, type Study } from './study-file.ts'
export { annotationProblem, type StudyAnnotations } from './study-annotations.ts'
export { StudyFileInvalid, type SourcePosition, type StudyProblem } from './study-problem.ts'
