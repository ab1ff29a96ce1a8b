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
 * What identifies each stage, in one place: workflows make keys of it before a stage runs, and `plan` makes the same
 * keys without running anything. A value that can change a stage's result and is missing here would be a wrong reuse.
 */

/** Preparing a dataset: the source's bytes, the split and the subsample. */
export function prepareDatasetIdentity(worker: WorkerDescription, dataset: DatasetSpecification): StageIdentity {
  const { sha256, ...parameters } = dataset
  return identity(worker, 'prepare-dataset', { dataset: parameters }, dataset.splitSeed, { source: sha256 })
}

/** Loading pretrained weights: the checkpoint's bytes and the backbone they must match. */
export function pretrainLoadIdentity(worker: WorkerDescription, backbone: BackboneSpecification): StageIdentity {
  return identity(worker, 'pretrain-load', { backbone: backbone.id, source: backbone.source }, 0, {
    weights: backbone.sha256,
  })
}

/** What fine-tuning reads. */
export function fineTuneUses({ dataset, pretrained }: Omit<FineTuneInput, 'configuration'>): ArtifactsByRole {
  return { ...images(dataset), parameters: pretrained.parameters! }
}

/** Fine-tuning: everything of the configuration but where its bytes came from, which the inputs say. */
export function fineTuneIdentity(worker: WorkerDescription, input: FineTuneInput): StageIdentity {
  const { loss, protocol, hyperparameters, seed } = input.configuration
  const parameters = { ...modelParameters(input.configuration), loss, protocol, hyperparameters }
  return identity(worker, 'fine-tune', parameters, seed, digests(fineTuneUses(input)))
}

/** What the checkpoint stage reads. */
export function checkpointUses({ dataset, trained }: Omit<CheckpointInput, 'configuration'>): ArtifactsByRole {
  return { ...images(dataset), trained: trained.trained! }
}

/** Making the trained parameters final: their bytes and the images of the sanity check. */
export function checkpointIdentity(worker: WorkerDescription, input: CheckpointInput): StageIdentity {
  const { loss, protocol, seed } = input.configuration
  const parameters = { ...modelParameters(input.configuration), loss, protocol: protocol.id }
  return identity(worker, 'checkpoint', parameters, seed, digests(checkpointUses(input)))
}

/** What an evaluation reads. */
export function perturbAndEvaluateUses({
  dataset,
  checkpoint,
}: Pick<PerturbAndEvaluateInput, 'dataset' | 'checkpoint'>): ArtifactsByRole {
  return { ...images(dataset), checkpoint: checkpoint.checkpoint! }
}

/** One perturbation of one checkpoint. */
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
