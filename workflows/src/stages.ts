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
import {
  backboneFacts,
  configurationId,
  stageCosts,
  type Configuration,
  type DatasetSpecification,
  type Perturbation,
  type StageName,
} from '@gauntlet/study'
import { gpuActivities, type StagePlace } from './gpu-pool.ts'
import { StageRunner, type StageMemory } from './stage-runner.ts'

/** The stages of a configuration at one place, each with the key that follows from the description of the workers. */
export function stagesOn(place: StagePlace, worker: WorkerDescription, memory: StageMemory) {
  const { pool, fetch = pool, share } = place
  const fetching = gpuActivities(fetch, share)
  const gpu = (configuration: Configuration, stage: StageName, perturbations: readonly Perturbation[] = []) =>
    gpuActivities(pool, share, share && relativeCost(configuration, stage, perturbations))
  const runner = new StageRunner(worker, memory)
  return {
    prepareDataset: (dataset: DatasetSpecification) =>
      runner.run({
        identity: prepareDatasetIdentity(worker, dataset),
        configurationId: null,
        used: {},
        input: { dataset },
        activity: fetching.prepareDataset,
      }),

    pretrainLoad: (input: PretrainLoadInput) =>
      runner.run({
        identity: pretrainLoadIdentity(worker, input),
        configurationId: null,
        used: {},
        input,
        activity: fetching.pretrainLoad,
      }),

    fineTune: (input: FineTuneInput) =>
      runner.run({
        identity: fineTuneIdentity(worker, input),
        configurationId: configurationId(input.configuration),
        used: fineTuneUses(input),
        input,
        activity: gpu(input.configuration, 'fine-tune').fineTune,
      }),

    checkpoint: (input: CheckpointInput) =>
      runner.run({
        identity: checkpointIdentity(worker, input),
        configurationId: configurationId(input.configuration),
        used: checkpointUses(input),
        input,
        activity: gpu(input.configuration, 'checkpoint').checkpoint,
      }),

    perturbAndEvaluate: (input: PerturbAndEvaluateInput) =>
      runner.run({
        identity: perturbAndEvaluateIdentity(worker, input),
        configurationId: configurationId(input.configuration),
        used: perturbAndEvaluateUses(input),
        input,
        activity: gpu(input.configuration, 'perturb-and-evaluate', [input.perturbation]).perturbAndEvaluate,
        together: true,
      }),
  }
}

/** Multiply-accumulates that count as one task of a study of weight 1. */
const costUnit = 1e15

/** Weights of tasks have bounds (`gpuActivities`), and within these costs the weight of a study always counts. */
const [leastCost, mostCost] = [0.01, 300]

/** The cost of a stage, as far as it is known before it runs: its passes through the model, in multiply-accumulates. */
function relativeCost(configuration: Configuration, stage: StageName, perturbations: readonly Perturbation[]): number {
  const { backbone, dataset } = configuration
  const facts = backboneFacts(backbone.id)
  const forwards = stageCosts(configuration, perturbations).find((cost) => cost.stage === stage)?.forwards
  if (!facts || forwards == null) return 1
  const macs = forwards * facts.multiplyAccumulates * (dataset.resolution / facts.native.side) ** 2
  return Math.min(mostCost, Math.max(leastCost, macs / costUnit))
}
