import { apgd, linf } from '@gauntlet/attacks'
import type { Tensor4D } from '@gauntlet/engine'
import { evaluationMode, type Parameters } from '@gauntlet/nn'
import type { Hyperparameters } from '@gauntlet/study'
import type { TrainableModel } from './trainable-model.ts'
import type { Batch } from './training-data.ts'

/**
 * The adversarial images of training and validation, [batch, height, width, 3] in [0, 1]: the points of highest
 * cross-entropy with the labels that APGD finds in the Linf ball from the clean images, with the model in evaluation
 * mode. No gradient flows through them.
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
