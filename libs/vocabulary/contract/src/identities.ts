import {
  backboneFacts,
  type ArtifactsByRole,
  type Configuration,
  type DatasetSpecification,
  type Digest,
  type Json,
  type KeyedStage,
  type StageIdentity,
} from '@gauntlet/study'
import type {
  CheckpointInput,
  FineTuneInput,
  PerturbAndEvaluateInput,
  PretrainLoadInput,
  WorkerDescription,
  WorkerEnvironment,
} from './activities.ts'
import { stageCode, type StageCode } from './stage-code.ts'

/*
 * The identity of each stage. Workflows make stage keys of it before a stage runs, and `plan` makes the same keys
 * without running anything. If a value that can change a result were missing here, a stage would reuse a wrong result;
 * a value that changes none would run stages again for nothing. `workers/gpu/src/stages/keys.test.ts` tries every
 * field.
 */

/** A worker was not asked for the code that a stage needs; whoever asked it must name the code. */
export class StageCodeUnknown extends Error {
  override readonly name = 'StageCodeUnknown'
}

/**
 * The environment of stages that compute no tensors is the host's, which is alike on more machines than the device's.
 */
const hostStages: ReadonlySet<KeyedStage> = new Set(['prepare-dataset', 'pretrain-load'])

/** The class and the description of the environment that a stage runs in on this worker. */
export function environmentOf(worker: WorkerDescription, stage: KeyedStage): WorkerEnvironment {
  return hostStages.has(stage) ? worker.host : worker
}

/** The environments of all stages on this worker. */
export function environmentClassesOf({ environmentClass, host }: WorkerDescription): readonly Digest[] {
  return [environmentClass, host.environmentClass]
}

/** The identity of prepare-dataset: the bytes of the source, however they are fetched, the split and the subsample. */
export function prepareDatasetIdentity(worker: WorkerDescription, dataset: DatasetSpecification): StageIdentity {
  const { sha256, source: _place, splitSeed, metric: _counting, ...parameters } = dataset
  return identity(worker, 'prepare-dataset', { dataset: parameters }, splitSeed, { source: sha256 })
}

/**
 * What pretrain-load is asked for a configuration: to keep the checkpoint's head where nothing is trained, and to
 * resize learned positions where the backbone's can be. The native side is left to the worker, so that its key does not
 * depend on how a study comes by it.
 */
export function pretrainLoadInputOf({ backbone, dataset, protocol }: Configuration): PretrainLoadInput {
  const sides = backboneFacts(backbone.id)?.sides
  const resized = sides?.resized === true && dataset.resolution !== sides.native
  return {
    backbone,
    ...(protocol.trains === 'nothing' ? { classes: dataset.classes } : {}),
    ...(resized ? { side: dataset.resolution } : {}),
  }
}

/**
 * The identity of pretrain-load: the bytes of the checkpoint, and the backbone, input contract and side they must
 * match.
 */
export function pretrainLoadIdentity(worker: WorkerDescription, input: PretrainLoadInput): StageIdentity {
  const { backbone, ...fitted } = input
  const { id, inputContract, sha256 } = backbone
  const code = stageCode('pretrain-load', id)
  return identity(worker, code, { backbone: id, inputContract, ...fitted }, 0, { weights: sha256 })
}

/** The artifacts that fine-tune reads. */
export function fineTuneUses({ dataset, pretrained }: Pick<FineTuneInput, 'dataset' | 'pretrained'>): ArtifactsByRole {
  return { ...images(dataset), parameters: pretrained.parameters! }
}

/** The identity of fine-tune: what it reads of the configuration, with the micro-batch that was decided for it. */
export function fineTuneIdentity(worker: WorkerDescription, input: FineTuneInput): StageIdentity {
  const { loss, protocol, seed } = input.configuration
  const { trains, epochs } = protocol
  const training = { loss, protocol: { trains, epochs }, hyperparameters: hyperparametersRead(input) }
  const code = stageCode('fine-tune', input.configuration.backbone.id)
  const parameters = { ...modelParameters(input.configuration), ...training }
  return identity(worker, code, parameters, seed, digests(fineTuneUses(input)))
}

/** The hyperparameters that change what is trained. */
function hyperparametersRead({ configuration, microBatch }: FineTuneInput) {
  const { loss, protocol, hyperparameters } = configuration
  const { checkpointEverySteps: _interval, microBatchMayShrink: _allowed, ...all } = hyperparameters
  const { tradesBeta, learningRateBackbone, weightDecayBackbone, ...read } = all
  return {
    ...read,
    microBatch,
    ...(loss === 'TRADES' ? { tradesBeta } : {}),
    ...(protocol.trains === 'all' ? { learningRateBackbone, weightDecayBackbone } : {}),
  }
}

/** What the checkpoint stage makes a checkpoint of where nothing is trained: the weights as they were loaded. */
export function untrained({ parameters }: ArtifactsByRole): ArtifactsByRole {
  return { trained: parameters! }
}

/** The artifacts that checkpoint reads. */
export function checkpointUses({ dataset, trained }: Omit<CheckpointInput, 'configuration'>): ArtifactsByRole {
  return { ...images(dataset), trained: trained.trained! }
}

/** The identity of checkpoint: the trained parameters, the images of the sanity check, and what is written beside. */
export function checkpointIdentity(worker: WorkerDescription, input: CheckpointInput): StageIdentity {
  const { dataset, backbone, loss, protocol, seed } = input.configuration
  const parameters = { ...modelParameters(input.configuration), dataset: dataset.id, loss, protocol: protocol.id }
  return identity(worker, stageCode('checkpoint', backbone.id), parameters, seed, digests(checkpointUses(input)))
}

/** The artifacts that perturb-and-evaluate reads. */
export function perturbAndEvaluateUses({
  dataset,
  checkpoint,
}: Pick<PerturbAndEvaluateInput, 'dataset' | 'checkpoint'>): ArtifactsByRole {
  return { ...images(dataset), checkpoint: checkpoint.checkpoint! }
}

/** The identity of perturb-and-evaluate: one checkpoint under one perturbation. Only attacks draw by the seed. */
export function perturbAndEvaluateIdentity(worker: WorkerDescription, input: PerturbAndEvaluateInput): StageIdentity {
  const { configuration, perturbation } = input
  const code = stageCode('perturb-and-evaluate', configuration.backbone.id, perturbation.name)
  const parameters = { ...modelParameters(configuration), perturbation }
  const seed = 'epsilon' in perturbation ? configuration.seed : 0
  return identity(worker, code, parameters, seed, digests(perturbAndEvaluateUses(input)))
}

function images(dataset: ArtifactsByRole): ArtifactsByRole {
  return { manifest: dataset.manifest!, images: dataset.images! }
}

function modelParameters({ backbone, dataset }: Configuration) {
  return {
    backbone: backbone.id,
    inputContract: backbone.inputContract,
    classes: dataset.classes,
    resolution: dataset.resolution,
  }
}

function digests(artifacts: ArtifactsByRole): Record<string, Digest> {
  return Object.fromEntries(Object.entries(artifacts).map(([role, artifact]) => [role, artifact.digest]))
}

function identity(
  worker: WorkerDescription,
  code: StageCode,
  parameters: object,
  seed: number,
  inputs: Record<string, Digest>,
): StageIdentity {
  const stage = code.split('/')[0] as KeyedStage
  const codeDigest = worker.codeDigests[code]
  if (codeDigest === undefined)
    throw new StageCodeUnknown(`The pool has not said what its code of ${code} is; ask it again where an engine is.`)
  const { environmentClass } = environmentOf(worker, stage)
  return { stage, codeDigest, environmentClass, parameters: parameters as Json, seed, inputs }
}
