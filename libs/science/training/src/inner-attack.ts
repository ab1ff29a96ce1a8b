import { apgd, linf } from '@gauntlet/attacks'
import type { Tensor4D } from '@gauntlet/engine'
import { evaluationMode, type Parameters } from '@gauntlet/nn'
import type { Hyperparameters } from '@gauntlet/study'
import type { TrainableModel } from './trainable-model.ts'
import type { Batch } from './training-data.ts'

/**
 * The attacked images that training and validation use: APGD on cross-entropy with the labels in the Linf ball, started
 * at the clean images, the model in evaluation mode, the iterate of highest loss. No gradient flows through them.
 * [batch, height, width, 3] in [0, 1].
 */
export function attackBatch(
  model: TrainableModel,
  parameters: Parameters,
  { images, labels }: Pick<Batch, 'images' | 'labels'>,
  { attackEpsilon, attackIterations }: Pick<Hyperparameters, 'attackEpsilon' | 'attackIterations'>,
): Tensor4D {
  return apgd({
    logits: (points) => model.logits(points, parameters, evaluationMode),
    ball: linf(attackEpsilon),
    iterations: attackIterations,
    images,
    labels,
    start: 'clean',
  })
}
