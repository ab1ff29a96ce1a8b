import {
  checkpointIdentity,
  fineTuneIdentity,
  microBatchBelow,
  perturbAndEvaluateIdentity,
  prepareDatasetIdentity,
  pretrainLoadIdentity,
  type WorkerDescription,
} from '@gauntlet/contract'
import type { OutOfMemoryFacts } from '@gauntlet/ledger'
import {
  stageKey,
  type ArtifactsByRole,
  type Configuration,
  type Digest,
  type Perturbation,
  type StageIdentity,
  type StageName,
} from '@gauntlet/study'

/**
 * Finds which of these keys are fulfilled with intact artifacts, and the outputs of each. It is called once for each
 * level of the DAG.
 */
export type RecallStages = (keys: readonly Digest[]) => Promise<ReadonlyMap<Digest, ArtifactsByRole>>

/** One stage of a study before it runs. Its key is null while an input of it has still to be made. */
export interface PlannedStage {
  readonly stage: StageName
  readonly stageKey: Digest | null
  /** The identity that the key is the digest of. */
  readonly identity: StageIdentity | null
  readonly fulfilled: boolean
  /** The configurations it serves: several for a shared stage. */
  readonly configurations: readonly Configuration[]
  readonly perturbation?: Perturbation
}

/**
 * Finds out what a study already has and what would run, without running anything: it makes the same keys as the
 * workflows.
 */
export async function plan(
  configurations: readonly Configuration[],
  perturbations: readonly Perturbation[],
  worker: WorkerDescription,
  recall: RecallStages,
  ranOutAt: OutOfMemoryFacts = () => null,
): Promise<PlannedStage[]> {
  const datasets = await planLevel(configurations, recall, 'prepare-dataset', ({ dataset }) =>
    prepareDatasetIdentity(worker, dataset),
  )
  const weights = await planLevel(configurations, recall, 'pretrain-load', ({ backbone }) =>
    pretrainLoadIdentity(worker, backbone),
  )
  const trained = await planLevel(configurations, recall, 'fine-tune', (configuration) => {
    const [dataset, parameters] = [datasets.outputs(configuration), weights.outputs(configuration)]
    const microBatch = microBatchBelow(configuration.hyperparameters.microBatch, ranOutAt(configuration))
    if (!dataset || !parameters || microBatch === null) return undefined
    return fineTuneIdentity(worker, { configuration, dataset, pretrained: parameters, microBatch })
  })
  const checkpoints = await planLevel(configurations, recall, 'checkpoint', (configuration) => {
    const [dataset, parameters] = [datasets.outputs(configuration), trained.outputs(configuration)]
    return dataset && parameters && checkpointIdentity(worker, { configuration, dataset, trained: parameters })
  })
  const evaluations = await Promise.all(
    perturbations.map((perturbation) =>
      planLevel(
        configurations,
        recall,
        'perturb-and-evaluate',
        (configuration) => {
          const [dataset, checkpoint] = [datasets.outputs(configuration), checkpoints.outputs(configuration)]
          return (
            dataset &&
            checkpoint &&
            perturbAndEvaluateIdentity(worker, { configuration, dataset, checkpoint, perturbation })
          )
        },
        perturbation,
      ),
    ),
  )
  return [datasets, weights, trained, checkpoints, ...evaluations].flatMap(({ stages }) => stages)
}

interface PlannedLevel {
  readonly stages: PlannedStage[]
  readonly outputs: (configuration: Configuration) => ArtifactsByRole | undefined
}

/** The stages of one name. Configurations with the same identity of a stage share it. */
async function planLevel(
  configurations: readonly Configuration[],
  recall: RecallStages,
  stage: StageName,
  identify: (configuration: Configuration) => StageIdentity | undefined,
  perturbation?: Perturbation,
): Promise<PlannedLevel> {
  const keys = new Map<Configuration, Digest>()
  const identities = new Map<Digest, StageIdentity>()
  for (const configuration of configurations) {
    const identity = identify(configuration)
    if (!identity) continue
    const key = stageKey(identity)
    keys.set(configuration, key)
    identities.set(key, identity)
  }
  const known = await recall([...new Set(keys.values())])
  const what = perturbation ? { stage, perturbation } : { stage }
  const served = new Map<Digest | Configuration, Configuration[]>()
  for (const configuration of configurations) {
    const key = keys.get(configuration) ?? configuration
    const group = served.get(key)
    if (group) group.push(configuration)
    else served.set(key, [configuration])
  }
  const stages = [...served].map(([key, configurations]): PlannedStage => {
    const knownKey = typeof key === 'string' ? key : null
    const identity = (knownKey && identities.get(knownKey)) || null
    const fulfilled = knownKey !== null && known.has(knownKey)
    return { ...what, stageKey: knownKey, identity, fulfilled, configurations }
  })
  return { stages, outputs: (configuration) => known.get(keys.get(configuration) ?? '') }
}
