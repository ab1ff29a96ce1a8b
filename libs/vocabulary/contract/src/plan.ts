import type { WorkerDescription } from './activities.ts'
import {
  checkpointIdentity,
  fineTuneIdentity,
  perturbAndEvaluateIdentity,
  prepareDatasetIdentity,
  pretrainLoadIdentity,
  pretrainLoadInputOf,
  untrained,
} from './identities.ts'
import { microBatchBelow } from './micro-batch.ts'
import {
  stageKey,
  type ArtifactsByRole,
  type Configuration,
  type Digest,
  type Perturbation,
  type StageIdentity,
  type StageName,
} from '@gauntlet/study'

/** What a stage generated; null where training under its key is known to diverge. */
export type KnownStage = ArtifactsByRole | null

/** Finds which of these keys are known. It is called once for each level of the DAG. */
export type RecallStages = (keys: readonly Digest[]) => Promise<ReadonlyMap<Digest, KnownStage>>

/**
 * The smallest micro-batch at which fine-tuning of such a configuration ran out of memory; null where none is known.
 */
export type OutOfMemoryFacts = (configuration: Configuration) => number | null

/** One stage of a study before it runs. Its key is null while an input of it has still to be made. */
export interface PlannedStage {
  readonly stage: StageName
  readonly stageKey: Digest | null
  /** The identity that the key is the digest of. */
  readonly identity: StageIdentity | null
  /** `diverged`: its training is known to diverge, or that of the stage before it; it will not run. */
  readonly state: 'fulfilled' | 'diverged' | 'open'
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
  const weights = await planLevel(configurations, recall, 'pretrain-load', (configuration) =>
    pretrainLoadIdentity(worker, pretrainLoadInputOf(configuration)),
  )
  const toTrain = configurations.filter(({ protocol }) => protocol.trains !== 'nothing')
  const trained = await planLevel(toTrain, recall, 'fine-tune', (configuration) => {
    const [dataset, parameters] = [datasets.known(configuration), weights.known(configuration)]
    const microBatch = microBatchBelow(configuration.hyperparameters.microBatch, ranOutAt(configuration))
    if (!dataset || !parameters || microBatch === null) return undefined
    return fineTuneIdentity(worker, { configuration, dataset, pretrained: parameters, microBatch })
  })
  const trainedOf = (configuration: Configuration) => {
    if (configuration.protocol.trains !== 'nothing') return trained.known(configuration)
    const loaded = weights.known(configuration)
    return loaded && untrained(loaded)
  }
  const checkpoints = await planLevel(configurations, recall, 'checkpoint', (configuration) => {
    const [dataset, parameters] = [datasets.known(configuration), trainedOf(configuration)]
    if (parameters === null) return null
    return dataset && parameters && checkpointIdentity(worker, { configuration, dataset, trained: parameters })
  })
  const evaluations = await Promise.all(
    perturbations.map((perturbation) =>
      planLevel(
        configurations,
        recall,
        'perturb-and-evaluate',
        (configuration) => {
          const [dataset, checkpoint] = [datasets.known(configuration), checkpoints.known(configuration)]
          if (checkpoint === null) return null
          const input = dataset && checkpoint && { configuration, dataset, checkpoint, perturbation }
          return input && perturbAndEvaluateIdentity(worker, input)
        },
        perturbation,
      ),
    ),
  )
  return [datasets, weights, trained, checkpoints, ...evaluations].flatMap(({ stages }) => stages)
}

interface PlannedLevel {
  readonly stages: PlannedStage[]
  /** What is known of the stage of a configuration; undefined where it is open. */
  readonly known: (configuration: Configuration) => KnownStage | undefined
}

/**
 * The stages of one name. Configurations with the same identity of a stage share it. `identify` gives undefined where
 * an input has still to be made, and null where an earlier stage is known to diverge.
 */
async function planLevel(
  configurations: readonly Configuration[],
  recall: RecallStages,
  stage: StageName,
  identify: (configuration: Configuration) => StageIdentity | null | undefined,
  perturbation?: Perturbation,
): Promise<PlannedLevel> {
  const keys = new Map<Configuration, Digest | null>()
  const identities = new Map<Digest, StageIdentity>()
  for (const configuration of configurations) {
    const identity = identify(configuration)
    const key = identity && stageKey(identity)
    if (key !== undefined) keys.set(configuration, key)
    if (key) identities.set(key, identity)
  }
  const recalled = await recall([...identities.keys()])
  const known = (configuration: Configuration): KnownStage | undefined => {
    const key = keys.get(configuration)
    return key === null ? null : recalled.get(key ?? '')
  }
  const served = new Map<Digest | Configuration, Configuration[]>()
  for (const configuration of configurations) {
    const key = keys.get(configuration) ?? configuration
    const group = served.get(key)
    if (group) group.push(configuration)
    else served.set(key, [configuration])
  }
  const stages = [...served].map(([key, configurations]): PlannedStage => {
    const stageKey = typeof key === 'string' ? key : null
    const identity = (stageKey && identities.get(stageKey)) || null
    const outputs = known(configurations[0]!)
    const state = outputs ? 'fulfilled' : outputs === null ? 'diverged' : 'open'
    return { stage, ...(perturbation ? { perturbation } : {}), stageKey, identity, state, configurations }
  })
  return { stages, known }
}
