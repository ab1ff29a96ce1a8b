import { normaliseBatch, normaliseByStatistics, tf, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import { isFolded, noteNorm } from './folding.ts'
import type { ForwardContext, NormStatistics } from './forward-context.ts'
import type { Parameters } from './parameters.ts'

/** There is a single value per channel to take batch statistics of. A retry does not help. */
export class BatchTooSmall extends Error {
  override readonly name = 'BatchTooSmall'
}

/** A batch norm in training was given part of a batch. A retry does not help. */
export class PartOfBatch extends Error {
  override readonly name = 'PartOfBatch'
}

/** Folded parameters were used in training. A retry does not help. */
export class FoldedInTraining extends Error {
  override readonly name = 'FoldedInTraining'
}

/**
 * `torch.nn.BatchNorm2d`. x: [batch, height, width, channels]; same shape out. In training it normalises by the
 * statistics of the batch, with the population variance, and reports them to the context with its `momentum`. In
 * evaluation it normalises by `running_mean` and `running_var`. It changes no state itself.
 */
export function batchNorm(
  x: Tensor4D,
  parameters: Parameters,
  context: ForwardContext,
  { epsilon = 1e-5, momentum = 0.1 } = {},
): Tensor4D {
  if (isFolded(parameters)) {
    if (!context.training) return x
    throw new FoldedInTraining(
      `${parameters.fullName('')} is folded into the convolution before it; train the parameters that were not folded.`,
    )
  }
  const scale = parameters.tensor<Tensor1D>('weight')
  const offset = parameters.tensor<Tensor1D>('bias')
  if (!context.training) {
    noteNorm(x, parameters, epsilon)
    return normaliseByStatistics(
      x,
      scale,
      offset,
      parameters.tensor('running_mean'),
      parameters.tensor('running_var'),
      epsilon,
    )
  }
  if (context.isPart) {
    throw new PartOfBatch(`${parameters.fullName('weight')} needs the whole batch in training; compute it in one part.`)
  }
  const [batch, height, width] = x.shape
  const count = batch * height * width
  if (count < 2) {
    throw new BatchTooSmall(
      `${parameters.fullName('weight')} has one value per channel to take statistics of; train with a microBatch of at least 3, since one of 2 leaves a single image over in a step of odd size.`,
    )
  }
  const { y, mean, unbiasedVariance } = normaliseBatch(x, scale, offset, epsilon)
  context.onBatchStatistics?.(parameters.fullName('').slice(0, -1), {
    mean,
    variance: unbiasedVariance.mul((count - 1) / count),
    count,
    momentum,
  })
  return y
}

/** A running statistic after a batch: (1 − momentum) · running + momentum · batch. */
function moved(running: Tensor1D, batch: Tensor1D, momentum: number): Tensor1D {
  return running.mul(1 - momentum).add(batch.mul(momentum))
}

/**
 * The running mean and variance after a batch, by PyTorch's rule. The variance is made unbiased by count / (count − 1).
 */
export function movedStatistics(
  running: { mean: Tensor1D; variance: Tensor1D },
  { mean, variance, count, momentum }: NormStatistics,
): { mean: Tensor1D; variance: Tensor1D } {
  return tf.tidy(() => ({
    mean: moved(running.mean, mean, momentum),
    variance: moved(running.variance, variance.mul(count / (count - 1)), momentum),
  }))
}
