import { tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { gradientByPoints } from './gradient-by-points.ts'
import { marginOf, type LogitsFunction, type Loss } from './loss.ts'

/** What a model gives at a batch of points. All are [batch] but the gradient, which has the shape of the points. */
export type LossEvaluation = {
  readonly loss: Tensor1D
  /** Of each image's loss with respect to that image. */
  readonly gradient: Tensor4D
  /** The class of the largest logit, the first of equals; int32. */
  readonly prediction: Tensor1D
  /** The logit of the label minus the largest other one. */
  readonly margin: Tensor1D
}

/** The loss that is evaluated. */
export interface EvaluatedLoss {
  readonly logits: LogitsFunction
  readonly loss: Loss
  /** [batch], int32. */
  readonly labels: Tensor1D
  /** For losses that aim at a class: [batch], int32. */
  readonly targets?: Tensor1D
  /**
   * Passes over which the gradient is averaged, for models that draw random numbers (`eot_iter`, autopgd_base.py:366);
   * 1 unless given.
   */
  readonly samples?: number
}

/**
 * Evaluates a loss at points [batch, height, width, channels] by one forward and one backward pass for every sample.
 * Only the gradients are averaged; all else is from the last pass (:379).
 */
export function evaluateLoss(evaluated: EvaluatedLoss, points: Tensor4D): LossEvaluation {
  const samples = evaluated.samples ?? 1
  if (samples === 1) return evaluateOnce(evaluated, points)
  return tf.tidy(() => {
    const passes = Array.from({ length: samples }, () => evaluateOnce(evaluated, points))
    return { ...passes.at(-1)!, gradient: tf.addN(passes.map(({ gradient }) => gradient)).div<Tensor4D>(samples) }
  })
}

/** One forward and one backward pass. */
function evaluateOnce(evaluated: EvaluatedLoss, points: Tensor4D): LossEvaluation {
  const kept: Tensor[] = []
  const keep = <T extends Tensor>(tensor: T): T => {
    kept.push(tf.keep(tensor))
    return tensor
  }
  try {
    return tf.tidy(() => evaluateKeeping(evaluated, points, keep))
  } finally {
    tf.dispose(kept)
  }
}

/** tfjs disposes of what a differentiated function makes, so `keep` saves the logits and losses of the forward pass. */
function evaluateKeeping(
  { logits, loss, labels, targets = labels }: EvaluatedLoss,
  points: Tensor4D,
  keep: <T extends Tensor>(tensor: T) => T,
): LossEvaluation {
  const forward: { logits?: Tensor2D; loss?: Tensor1D } = {}
  // Rows do not mix, so that the gradient of the sum over the batch is that of every image's own loss
  // (autopgd_base.py:266).
  const total = (at: Tensor4D): Tensor => {
    forward.logits = keep(logits(at))
    forward.loss = keep(loss(forward.logits, labels, targets))
    return forward.loss.sum()
  }
  const gradient = gradientByPoints(total, points)
  const prediction = forward.logits!.argMax<Tensor1D>(1)
  return { loss: forward.loss!.clone(), gradient, prediction, margin: marginOf(forward.logits!, labels) }
}
