import {
  checkpointIdentity,
  checkpointUses,
  fineTuneIdentity,
  fineTuneUses,
  perturbAndEvaluateIdentity,
  perturbAndEvaluateUses,
  prepareDatasetIdentity,
  pretrainLoadIdentity,
  type CheckpointInput,
  type FineTuneInput,
  type PerturbAndEvaluateInput,
  type WorkerDescription,
} from '@gauntlet/contract'
import { configurationId, type BackboneSpecification, type DatasetSpecification } from '@gauntlet/study'
import { gpuActivities, runStage } from './stage-runner.ts'

/** The stages of a configuration on one pool, each with the key that follows from the description of the workers. */
export function stagesOn(pool: string, worker: WorkerDescription) {
  const gpu = gpuActivities(pool)
  return {
    prepareDataset: (dataset: DatasetSpecification) =>
      runStage({
        identity: prepareDatasetIdentity(worker, dataset),
        worker,
        configurationId: null,
        used: {},
        input: { dataset },
        activity: gpu.prepareDataset,
      }),

    pretrainLoad: (backbone: BackboneSpecification) =>
      runStage({
        identity: pretrainLoadIdentity(worker, backbone),
        worker,
        configurationId: null,
        used: {},
        input: { backbone },
        activity: gpu.pretrainLoad,
      }),

    fineTune: (input: FineTuneInput) =>
      runStage({
        identity: fineTuneIdentity(worker, input),
        worker,
        configurationId: configurationId(input.configuration),
        used: fineTuneUses(input),
        input,
        activity: gpu.fineTune,
      }),

    checkpoint: (input: CheckpointInput) =>
      runStage({
        identity: checkpointIdentity(worker, input),
        worker,
        configurationId: configurationId(input.configuration),
        used: checkpointUses(input),
        input,
        activity: gpu.checkpoint,
      }),

    perturbAndEvaluate: (input: PerturbAndEvaluateInput) =>
      runStage({
        identity: perturbAndEvaluateIdentity(worker, input),
        worker,
        configurationId: configurationId(input.configuration),
        used: perturbAndEvaluateUses(input),
        input,
        activity: gpu.perturbAndEvaluate,
      }),
  }
}
