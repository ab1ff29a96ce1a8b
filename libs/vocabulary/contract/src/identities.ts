import type {
  ArtifactsByRole,
  BackboneSpecification,
  Configuration,
  DatasetSpecification,
  Digest,
  Json,
  KeyedStage,
  StageIdentity,
} from '@gauntlet/study'
import type { CheckpointInput, FineTuneInput, PerturbAndEvaluateInput, WorkerDescription } from './activities.ts'

/*
 * The identity of each stage. Workflows make stage keys of it before a stage runs, and `plan` makes the same keys
 * without running anything. If a value that can change a result were missing here, a stage would reuse a wrong result.
 */

/** The identity of prepare-dataset: the bytes of the source, the split and the subsample. */
export function prepareDatasetIdentity(worker: WorkerDescription, dataset: DatasetSpecification): StageIdentity {
  const { sha256, ...parameters } = dataset
  return identity(worker, 'prepare-dataset', { dataset: parameters }, dataset.splitSeed, { source: sha256 })
}

/** The identity of pretrain-load: the bytes of the checkpoint and the backbone that they must match. */
export function pretrainLoadIdentity(worker: WorkerDescription, backbone: BackboneSpecification): StageIdentity {
  return identity(worker, 'pretrain-load', { backbone: backbone.id, source: backbone.source }, 0, {
    weights: backbone.sha256,
  })
}

/** The artifacts that fine-tune reads. */
export function fineTuneUses({ dataset, pretrained }: Omit<FineTuneInput, 'configuration'>): ArtifactsByRole {
  return { ...images(dataset), parameters: pretrained.parameters! }
}

/**
 * The identity of fine-tune: everything of the configuration, except the sources of its bytes, for which the digests of
 * the inputs stand.
 */
export function fineTuneIdentity(worker: WorkerDescription, input: FineTuneInput): StageIdentity {
  const { loss, protocol, hyperparameters, seed } = input.configuration
  const parameters = { ...modelParameters(input.configuration), loss, protocol, hyperparameters }
  return identity(worker, 'fine-tune', parameters, seed, digests(fineTuneUses(input)))
}

/** The artifacts that checkpoint reads. */
export function checkpointUses({ dataset, trained }: Omit<CheckpointInput, 'configuration'>): ArtifactsByRole {
  return { ...images(dataset), trained: trained.trained! }
}

/** The identity of checkpoint: the trained parameters and the images of the sanity check. */
export function checkpointIdentity(worker: WorkerDescription, input: CheckpointInput): StageIdentity {
  const { loss, protocol, seed } = input.configuration
  const parameters = { ...modelParameters(input.configuration), loss, protocol: protocol.id }
  return identity(worker, 'checkpoint', parameters, seed, digests(checkpointUses(input)))
}

/** The artifacts that perturb-and-evaluate reads. */
export function perturbAndEvaluateUses({
  dataset,
  checkpoint,
}: Pick<PerturbAndEvaluateInput, 'dataset' | 'checkpoint'>): ArtifactsByRole {
  return { ...images(dataset), checkpoint: checkpoint.checkpoint! }
}

/** The identity of perturb-and-evaluate: one checkpoint under one perturbation. */
export function perturbAndEvaluateIdentity(worker: WorkerDescription, input: PerturbAndEvaluateInput): StageIdentity {
  const parameters = { ...modelParameters(input.configuration), perturbation: input.perturbation }
  return identity(
    worker,
    'perturb-and-evaluate',
    parameters,
    input.configuration.seed,
    digests(perturbAndEvaluateUses(input)),
  )
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
  stage: KeyedStage,
  parameters: object,
  seed: number,
  inputs: Record<string, Digest>,
): StageIdentity {
  return {
    stage,
    codeDigest: worker.codeDigests[stage],
    environmentClass: worker.environmentClass,
    parameters: parameters as Json,
    seed,
    inputs,
  }
}
