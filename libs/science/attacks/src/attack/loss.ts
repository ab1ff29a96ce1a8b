import { softmaxCrossEntropy, tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'

/**
 * A model as attacks call it: images [batch, height, width, channels] in [0, 1] → logits [batch, classes].
 * Normalisation is part of it.
 */
export type LogitsFunction = (images: Tensor4D) => Tensor2D

/**
 * The loss that an attack raises: logits [batch, classes], labels and targets [batch] (int32) → one loss per image,
 * [batch]. Only targeted losses use the targets.
 */
export type Loss = (logits: Tensor2D, labels: Tensor1D, targets: Tensor1D) => Tensor1D

/** Cross-entropy in nats, not averaged. Labels must be below the number of classes (`softmaxCrossEntropy`). */
export function crossEntropy(logits: Tensor2D, labels: Tensor1D): Tensor1D {
  return softmaxCrossEntropy(logits, labels.toInt())
}

/** Keeps a ratio finite where logits are equal; in float32 it changes no other number (autopgd_base.py:197, :600). */
const tieGuard = 1e-12

/**
 * Difference of logits ratio, −(z_y − max_{j≠y} z_j) / (z₁ − z₃ + 1e-12), z₁ ≥ z₂ ≥ … (arXiv:2003.01690, eq. 6;
 * autopgd_base.py:191). It needs three classes.
 */
export function differenceOfLogitsRatio(logits: Tensor2D, labels: Tensor1D): Tensor1D {
  const [first, third, rival] = chosenLogits(logits, (values) => {
    const [one, two, three] = tf.unstack(tf.topk(values, 3).indices, 1) as [Tensor1D, Tensor1D, Tensor1D]
    return [one, three, tf.where(one.equal(labels.toInt()), two, one)]
  }) as [Tensor1D, Tensor1D, Tensor1D]
  return logitAt(logits, labels).sub(rival).div<Tensor1D>(first.sub(third).add(tieGuard)).neg()
}

/**
 * The targeted ratio, −(z_y − z_t) / (z₁ − (z₃ + z₄) / 2 + 1e-12), t the target (arXiv:2003.01690, eq. 7;
 * autopgd_base.py:595). It needs four classes.
 */
export function targetedDifferenceOfLogitsRatio(logits: Tensor2D, labels: Tensor1D, targets: Tensor1D): Tensor1D {
  const [first, third, fourth] = chosenLogits(logits, (values) => {
    const [one, , three, four] = tf.unstack(tf.topk(values, 4).indices, 1)
    return [one!, three!, four!]
  }) as [Tensor1D, Tensor1D, Tensor1D]
  return targetLead(logits, labels, targets).div(first.sub(third.add(fourth).mul(0.5)).add(tieGuard))
}

/** z_t − z_y, [batch]: above 0 the model prefers the target to the label. */
export function targetLead(logits: Tensor2D, labels: Tensor1D, targets: Tensor1D): Tensor1D {
  return logitAt(logits, targets).sub(logitAt(logits, labels))
}

/** The logit of the label minus the largest other one, [batch]: below 0 the image is misclassified. */
export function marginOf(logits: Tensor2D, labels: Tensor1D): Tensor1D {
  const chosen = tf.oneHot(labels.toInt(), logits.shape[1], 1, 0, 'bool') as Tensor2D
  const others = tf.where(chosen, tf.fill(logits.shape, -Infinity), logits)
  const own = tf.where(chosen, logits, tf.zerosLike(logits))
  return own.sum(1).sub(others.max(1))
}

/**
 * The logit of one class of every row; classes: [batch]. It is a product with a mask, so that its gradient is one too.
 */
function logitAt(logits: Tensor2D, classes: Tensor1D): Tensor1D {
  return logits.mul(tf.oneHot(classes.toInt(), logits.shape[1])).sum(1)
}

/**
 * The logits of classes that are chosen by the logits themselves, each [batch]. Gradients flow to the chosen logits and
 * not through the choice, for which tfjs has no gradient: `customGrad` hides it from the tape.
 */
function chosenLogits(logits: Tensor2D, choose: (values: Tensor2D) => Tensor[]): Tensor[] {
  const masks = tf.customGrad((values) => ({
    value: tf.stack(
      choose(values as Tensor2D).map((classes) => tf.oneHot(classes.toInt(), logits.shape[1]).toFloat()),
      1,
    ),
    gradFunc: () => tf.zerosLike(logits),
  }))(logits)
  return tf.unstack(logits.reshape([-1, 1, logits.shape[1]]).mul(masks).sum(2), 1)
}
