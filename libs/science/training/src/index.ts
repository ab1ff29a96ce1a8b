export { fineTuneModel } from './fine-tune-model.ts'
export type { FineTuned, FineTuning, TrainingProgress } from './fine-tuning.ts'
export type { EpochRecord, ValidationRecord } from './history.ts'
export { settingsDigest, type TrainingSettings } from './settings.ts'
export { trainableModel, type TrainableModel, type TrainableSpecification } from './trainable-model.ts'
export type { TrainingData } from './training-data.ts'
export { Diverged, TrainingStateInvalid, type DivergenceEvidence } from './training-errors.ts'
export {
  decodeTrainingState,
  encodeTrainingState,
  type TrainingPosition,
  type TrainingState,
} from './training-state.ts'
