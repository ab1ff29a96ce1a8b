import { tf, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'

/** A model as attacks see it: images [batch, height, width, channels] in [0, 1] → logits [batch, classes]. Normalisation is inside. */
export type LogitsFunction = (images: Tensor4D) => Tensor2D

/** What an attack raises: logits [batch, classes], labels and targets [batch] (int32) → one loss per image, [batch]. Few losses look at the targets. */
export type Loss = (logits: Tensor2D, labels: Tensor1D, targets: Tensor1D) => Tensor1D

/** Cross-entropy in nats, not averaged. */
export function crossEntropy(logits: Tensor2D, labels: Tensor1D): Tensor1D {
  const chosen = tf.oneHot(labels.toInt(), logits.shape[1])
  return tf.logSoftmax(logits).mul(chosen).sum<Tensor1D>(1).neg()
}

/** Keeps a ratio finite where logits are equal; in float32 it changes no other number (autopgd_base.py:197, :600). */
const tieGuard = 1e-12

/** Difference of logits ratio, −(z_y − max_{j≠y} z_j) / (z₁ − z₃ + 1e-12), z₁ ≥ z₂ ≥ … (arXiv:2003.01690, eq. 6; autopgd_base.py:191). From three classes on. */
export function differenceOfLogitsRatio(logits: Tensor2D, labels: Tensor1D): Tensor1D {
  const [first, second, third] = largestPlaces(logits, 3) as [Tensor1D, Tensor1D, Tensor1D]
  const rival = tf.where(first.equal(labels.toInt()), second, first) as Tensor1D
  const spread = logitAt(logits, first).sub(logitAt(logits, third)).add(tieGuard)
  return logitAt(logits, labels).sub(logitAt(logits, rival)).div<Tensor1D>(spread).neg()
}

/** −(z_y − z_t) / (z₁ − (z₃ + z₄) / 2 + 1e-12), t the target (arXiv:2003.01690, eq. 7; autopgd_base.py:595). From four classes on. */
export function targetedDifferenceOfLogitsRatio(logits: Tensor2D, labels: Tensor1D, targets: Tensor1D): Tensor1D {
  const [first, , third, fourth] = largestPlaces(logits, 4).map((place) => logitAt(logits, place)) as Tensor1D[]
  const spread = first!.sub(third!.add(fourth!).mul(0.5)).add(tieGuard)
  return targetLead(logits, labels, targets).div(spread)
}

/** z_t − z_y, [batch]: above 0 the target beats the label. */
export function targetLead(logits: Tensor2D, labels: Tensor1D, targets: Tensor1D): Tensor1D {
  return logitAt(logits, targets).sub(logitAt(logits, labels))
}

/** The logit of the label minus the largest other one, [batch]: below 0 the model errs. */
export function marginOf(logits: Tensor2D, labels: Tensor1D): Tensor1D {
  const chosen = tf.oneHot(labels.toInt(), logits.shape[1], 1, 0, 'bool') as Tensor2D
  const others = tf.where(chosen, tf.fill(logits.shape, -Infinity), logits)
  const own = tf.where(chosen, logits, tf.zerosLike(logits))
  return own.sum(1).sub(others.max(1))
}

/** One logit of every row; `places` [batch]. A product with a mask, since its gradient is one too. */
function logitAt(logits: Tensor2D, places: Tensor1D): Tensor1D {
  return logits.mul(tf.oneHot(places.toInt(), logits.shape[1])).sum(1)
}

/** The places of the `count` largest logits in falling order, each [batch], int32. No gradient flows through a place, and tfjs has none for TopK. */
function largestPlaces(logits: Tensor2D, count: number): Tensor1D[] {
  const places = tf.customGrad((values) => ({
    value: tf.topk(values as Tensor2D, count).indices,
    gradFunc: () => tf.zerosLike(logits),
  }))(logits) as Tensor2D
  return tf.unstack(places, 1) as Tensor1D[]
}
