import { normaliseBatch, normaliseByStatistics, tf, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import { isFolded, noteNorm } from './folding.ts'
import type { ForwardContext, NormStatistics } from './forward-context.ts'
import type { Parameters } from './parameters.ts'

/** Batch statistics were asked of a single value per channel; a retry does not help. */
export class BatchTooSmall extends Error {
  override readonly name = 'BatchTooSmall'
}

/** Batch statistics were asked of part of a batch; a retry does not help. */
export class PartOfBatch extends Error {
  override readonly name = 'PartOfBatch'
}

/** Folded parameters serve evaluation alone; a retry does not help. */
export class FoldedInTraining extends Error {
  override readonly name = 'FoldedInTraining'
}

/**
 * `torch.nn.BatchNorm2d`. x: [batch, height, width, channels]; same shape out. In training by the batch's statistics
 * (variance over the population), which it tells to the context with its `momentum`; in evaluation by `running_mean`
 * and `running_var`. It changes no state itself.
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
      `${parameters.fullName('weight')} has one value per channel to take statistics of; train with at least two images per micro-batch.`,
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

/** One running statistic after a batch: (1 − momentum) · running + momentum · batch. */
function moved(running: Tensor1D, batch: Tensor1D, momentum: number): Tensor1D {
  return running.mul(1 - momentum).add(batch.mul(momentum))
}

/** Running mean and variance after a batch, by PyTorch's rule: the variance is made unbiased by count / (count − 1). */
export function movedStatistics(
  running: { mean: Tensor1D; variance: Tensor1D },
  { mean, variance, count, momentum }: NormStatistics,
): { mean: Tensor1D; variance: Tensor1D } {
  return tf.tidy(() => ({
    mean: moved(running.mean, mean, momentum),
    variance: moved(running.variance, variance.mul(count / (count - 1)), momentum),
  }))
}
