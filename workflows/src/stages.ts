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
  type PretrainLoadInput,
  type WorkerDescription,
} from '@gauntlet/contract'
import { configurationId, type DatasetSpecification } from '@gauntlet/study'
import { gpuActivities } from './gpu-pool.ts'
import { StageRunner, type StageMemory } from './stage-runner.ts'

/** The stages of a configuration on one pool, each with the key that follows from the description of the workers. */
export function stagesOn(pool: string, worker: WorkerDescription, memory: StageMemory) {
  const gpu = gpuActivities(pool)
  const runner = new StageRunner(worker, memory)
  return {
    prepareDataset: (dataset: DatasetSpecification) =>
      runner.run({
        identity: prepareDatasetIdentity(worker, dataset),
        configurationId: null,
        used: {},
        input: { dataset },
        activity: gpu.prepareDataset,
      }),

    pretrainLoad: (input: PretrainLoadInput) =>
      runner.run({
        identity: pretrainLoadIdentity(worker, input),
        configurationId: null,
        used: {},
        input,
        activity: gpu.pretrainLoad,
      }),

    fineTune: (input: FineTuneInput) =>
      runner.run({
        identity: fineTuneIdentity(worker, input),
        configurationId: configurationId(input.configuration),
        used: fineTuneUses(input),
        input,
        activity: gpu.fineTune,
      }),

    checkpoint: (input: CheckpointInput) =>
      runner.run({
        identity: checkpointIdentity(worker, input),
        configurationId: configurationId(input.configuration),
        used: checkpointUses(input),
        input,
        activity: gpu.checkpoint,
      }),

    perturbAndEvaluate: (input: PerturbAndEvaluateInput) =>
      runner.run({
        identity: perturbAndEvaluateIdentity(worker, input),
        configurationId: configurationId(input.configuration),
        used: perturbAndEvaluateUses(input),
        input,
        activity: gpu.perturbAndEvaluate,
      }),
  }
}
