import { pretrainLoadInputOf, type RecordedNumber } from '@gauntlet/contract'
import type { ArtifactsByRole, StageIdentity } from '@gauntlet/study'

/** What a stage is given, from its identity, the number that it is executed for, and the artifacts that it reads. */
export function stageInput(
  { stage, parameters }: StageIdentity,
  { configuration, perturbation }: Pick<RecordedNumber, 'configuration' | 'perturbation'>,
  used: ArtifactsByRole,
): unknown {
  switch (stage) {
    case 'prepare-dataset':
      return { dataset: configuration.dataset }
    case 'pretrain-load':
      return pretrainLoadInputOf(configuration)
    case 'fine-tune': {
      const { hyperparameters } = parameters as { readonly hyperparameters: { readonly microBatch: number } }
      return { configuration, microBatch: hyperparameters.microBatch, dataset: used, pretrained: used }
    }
    case 'checkpoint':
      return { configuration, dataset: used, trained: used }
    case 'perturb-and-evaluate':
      return { configuration, perturbation, dataset: used, checkpoint: used }
  }
}
