import { tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { marginOf, type LogitsFunction, type Loss } from './loss.ts'

/** What a model says of a batch of points. All [batch] but the gradient, which has the shape of the points. */
export type Inspection = {
  readonly loss: Tensor1D
  /** Of each image's loss with respect to that image. */
  readonly gradient: Tensor4D
  /** The class of the largest logit, the first of equals; int32. */
  readonly prediction: Tensor1D
  /** The logit of the label minus the largest other one. */
  readonly margin: Tensor1D
}

/** What is asked of a model: the labels are [batch], int32. */
export interface Question {
  readonly logits: LogitsFunction
  readonly loss: Loss
  readonly labels: Tensor1D
  /** For losses that aim at a class: [batch], int32. */
  readonly targets?: Tensor1D
  /**
   * Passes over which loss gradients are averaged, for models that draw random numbers (`eot_iter`,
   * autopgd_base.py:366); 1 unless given.
   */
  readonly samples?: number
}

/**
 * What a model says of points [batch, height, width, 3]: one forward and one backward pass for every sample. Only the
 * gradients are averaged (:379).
 */
export function inspect(question: Question, points: Tensor4D): Inspection {
  const samples = question.samples ?? 1
  if (samples === 1) return inspectOnce(question, points)
  return tf.tidy(() => {
    const seen = Array.from({ length: samples }, () => inspectOnce(question, points))
    return { ...seen.at(-1)!, gradient: tf.addN(seen.map(({ gradient }) => gradient)).div<Tensor4D>(samples) }
  })
}

/** One forward and one backward pass. */
function inspectOnce(question: Question, points: Tensor4D): Inspection {
  const kept: Tensor[] = []
  const keep = <T extends Tensor>(tensor: T): T => {
    kept.push(tf.keep(tensor))
    return tensor
  }
  try {
    return tf.tidy(() => inspectKeeping(question, points, keep))
  } finally {
    tf.dispose(kept)
  }
}

/** tfjs disposes what a differentiated function makes; `keep` saves the logits and losses of that one forward pass. */
function inspectKeeping(
  { logits, loss, labels, targets = labels }: Question,
  points: Tensor4D,
  keep: <T extends Tensor>(tensor: T) => T,
): Inspection {
  const seen: { logits?: Tensor2D; loss?: Tensor1D } = {}
  /**
   * The sum over the batch: rows do not mix, so its gradient is that of every image's own loss (autopgd_base.py:266).
   */
  const total = (at: Tensor): Tensor => {
    seen.logits = keep(logits(at as Tensor4D))
    seen.loss = keep(loss(seen.logits, labels, targets))
    return seen.loss.sum()
  }
  const gradient = tf.grad(total)(points) as Tensor4D
  const prediction = seen.logits!.argMax<Tensor1D>(1)
  return { loss: seen.loss!.clone(), gradient, prediction, margin: marginOf(seen.logits!, labels) }
}
