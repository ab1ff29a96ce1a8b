import {
  tf,
  type NamedTensors,
  type Scalar,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
} from '@gauntlet/engine'
import type { ForwardContext, Parameters } from '@gauntlet/nn'
import { dropoutRandomness } from './dropout-randomness.ts'
import type { Objective, ObjectiveOutput } from './objective.ts'
import { withStatistics, type BatchStatistics } from './running-statistics.ts'
import type { TrainableModel } from './trainable-model.ts'
import { parametersOf, type TrainingTensors } from './training-tensors.ts'

/** What the gradients of a micro-batch are computed from, besides the model's tensors. */
export interface GradientInput {
  readonly model: TrainableModel
  readonly objective: Objective
  /** Whether batch norms use the statistics of the batch; a frozen backbone runs in evaluation mode. */
  readonly training: boolean
  readonly images: Tensor4D
  /** The adversarial images; the clean ones where the objective needs no attack. */
  readonly adversarial: Tensor4D
  /** int32, [batch]. */
  readonly labels: Tensor1D
  /** Keys of the random numbers of dropout, int32 [batch, 4]. */
  readonly keys: Tensor2D
  /**
   * Number of images of the whole optimiser step, so that the gradients of its micro-batches add up to the gradient of
   * their mean loss, also where the last step is short.
   */
  readonly divisor: Scalar
}

/** The gradients of one micro-batch, and what its forward passes gave besides. */
export interface BatchGradients {
  /** Of the sum of losses over `divisor`, by the names of the trained tensors. */
  readonly gradients: NamedTensors
  /** [sum of the losses, correct clean images, correct adversarial images]. */
  readonly sums: Tensor1D
  /** The buffers after all passes in training mode, in the order of these. */
  readonly buffers: NamedTensors
}

/** The gradients of one micro-batch, by one evaluation of the objective. Pure; to be called within a tidy. */
export function batchGradients(
  tensors: Pick<TrainingTensors, 'values' | 'buffers' | 'frozen'>,
  { model, objective, training, images, adversarial, labels, keys, divisor }: GradientInput,
): BatchGradients {
  const names = Object.keys(tensors.values)
  const kept: Tensor[] = []
  const keep = <T extends Tensor>(tensor: T): T => {
    kept.push(tf.keep(tensor))
    return tensor
  }
  const statistics: BatchStatistics[] = []
  const onBatchStatistics: ForwardContext['onBatchStatistics'] = (name, one) =>
    statistics.push({ ...one, name, mean: keep(one.mean), variance: keep(one.variance) })
  let sums!: Tensor1D
  const meanLoss = (...trained: Tensor[]): Scalar => {
    const parameters: Parameters = parametersOf(
      tensors,
      Object.fromEntries(names.map((name, i) => [name, trained[i]!])),
    )
    let passes = 0
    const forward = (points: Tensor4D) =>
      model.logits(points, parameters, { training, onBatchStatistics, randomness: dropoutRandomness(keys, passes++) })
    const output = objective.evaluate({ forward, images, adversarial, labels })
    sums = keep(sumsOf(output, labels))
    return output.losses.sum<Scalar>().div(divisor)
  }
  try {
    const { grads } = tf.valueAndGrads(meanLoss)(Object.values(tensors.values))
    const gradients = Object.fromEntries(names.map((name, i) => [name, grads[i]!]))
    return { gradients, sums: sums.clone(), buffers: statistics.reduce(withStatistics, tensors.buffers) }
  } finally {
    tf.dispose(kept)
  }
}

function sumsOf({ losses, cleanLogits, adversarialLogits }: ObjectiveOutput, labels: Tensor1D): Tensor1D {
  const correct = (logits: Tensor2D | undefined) => (logits ? countCorrect(logits, labels) : tf.scalar(0))
  return tf.stack([losses.sum(), correct(cleanLogits), correct(adversarialLogits)]) as Tensor1D
}

/** Number of rows whose largest logit is the label's. */
function countCorrect(logits: Tensor2D, labels: Tensor1D): Scalar {
  return tf.equal(logits.argMax(1), labels).toFloat().sum()
}
