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

/** Finds which of these keys are known, each with its identity. It is called once for each level of the DAG. */
export type RecallStages = (
  keys: readonly Digest[],
  identities: ReadonlyMap<Digest, StageIdentity>,
) => Promise<ReadonlyMap<Digest, KnownStage>>

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
  /** Where it is known by a bridge over a code change: which one, and the key of the stage that was done. */
  readonly bridge?: { readonly bridge: number; readonly recordedKey: Digest }
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
  const all = configurations.map((configuration) => ({ configuration }))
  const datasets = await planLevel(all, recall, 'prepare-dataset', ({ configuration: { dataset } }) =>
    prepareDatasetIdentity(worker, dataset),
  )
  const weights = await planLevel(all, recall, 'pretrain-load', ({ configuration }) =>
    pretrainLoadIdentity(worker, pretrainLoadInputOf(configuration)),
  )
  const toTrain = all.filter(({ configuration }) => configuration.protocol.trains !== 'nothing')
  const trained = await planLevel(toTrain, recall, 'fine-tune', ({ configuration }) => {
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
  const checkpoints = await planLevel(all, recall, 'checkpoint', ({ configuration }) => {
    const [dataset, parameters] = [datasets.known(configuration), trainedOf(configuration)]
    if (parameters === null) return null
    return dataset && parameters && checkpointIdentity(worker, { configuration, dataset, trained: parameters })
  })
  const cells = perturbations.flatMap((perturbation) => all.map((each) => ({ ...each, perturbation })))
  const evaluations = await planLevel(cells, recall, 'perturb-and-evaluate', ({ configuration, perturbation }) => {
    const [dataset, checkpoint] = [datasets.known(configuration), checkpoints.known(configuration)]
    if (checkpoint === null) return null
    const input = dataset && checkpoint && { configuration, dataset, checkpoint, perturbation }
    return input && perturbAndEvaluateIdentity(worker, input)
  })
  return [datasets, weights, trained, checkpoints, evaluations].flatMap(({ stages }) => stages)
}

/** What a stage is asked for: a configuration, and of an evaluation the perturbation. */
interface StageTask {
  readonly configuration: Configuration
  readonly perturbation?: Perturbation
}

interface PlannedLevel {
  readonly stages: PlannedStage[]
  /** What is known of the stage of a configuration; undefined where it is open. */
  readonly known: (configuration: Configuration) => KnownStage | undefined
}

/**
 * The stages of one name. Tasks with the same identity of a stage share it. `identify` gives undefined where an input
 * has still to be made, and null where an earlier stage is known to diverge.
 */
async function planLevel<Task extends StageTask>(
  tasks: readonly Task[],
  recall: RecallStages,
  stage: StageName,
  identify: (task: Task) => StageIdentity | null | undefined,
): Promise<PlannedLevel> {
  const identities = new Map<Digest, StageIdentity>()
  const keys = tasks.map((task) => {
    const identity = identify(task)
    const key = identity && stageKey(identity)
    if (key) identities.set(key, identity)
    return key
  })
  const recalled = await recall([...identities.keys()], identities)
  const outputsOf = (key: Digest | null | undefined) => (key === null ? null : recalled.get(key ?? ''))
  const known = new Map<Configuration, KnownStage | undefined>()
  const served = new Map<Digest | Task, { key: Digest | null | undefined; tasks: Task[] }>()
  for (const [i, task] of tasks.entries()) {
    const key = keys[i]
    known.set(task.configuration, outputsOf(key))
    const group = served.get(key ?? task)
    if (group) group.tasks.push(task)
    else served.set(key ?? task, { key, tasks: [task] })
  }
  const stages = [...served.values()].map(({ key, tasks: [first, ...others] }): PlannedStage => {
    const outputs = outputsOf(key)
    return {
      stage,
      ...(first!.perturbation ? { perturbation: first!.perturbation } : {}),
      stageKey: key ?? null,
      identity: (key && identities.get(key)) || null,
      state: outputs ? 'fulfilled' : outputs === null ? 'diverged' : 'open',
      configurations: [first!, ...others].map(({ configuration }) => configuration),
    }
  })
  return { stages, known: (configuration) => known.get(configuration) }
}
