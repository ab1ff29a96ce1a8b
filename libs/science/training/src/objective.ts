import { crossEntropy } from '@gauntlet/attacks'
import { tf, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import type { LossName } from '@gauntlet/study'

/** What an objective is evaluated on: one micro-batch. */
export interface ObjectiveInput {
  /** One forward pass in training mode. */
  readonly forward: (images: Tensor4D) => Tensor2D
  readonly images: Tensor4D
  /** The adversarial images; the clean ones where the objective needs no attack. */
  readonly adversarial: Tensor4D
  /** int32, [batch]. */
  readonly labels: Tensor1D
}

/** One loss per image, and the logits from which training accuracy is counted. */
export interface ObjectiveOutput {
  readonly losses: Tensor1D
  readonly cleanLogits?: Tensor2D
  readonly adversarialLogits?: Tensor2D
}

/** A training objective as a value. */
export interface Objective {
  /** Whether its forward passes are of adversarial and of clean images. */
  readonly usesAdversarial: boolean
  readonly usesClean: boolean
  evaluate(input: ObjectiveInput): ObjectiveOutput
}

/** Cross-entropy on the clean images only: the control. */
export const standard: Objective = {
  usesAdversarial: false,
  usesClean: true,
  evaluate({ forward, images, labels }) {
    const cleanLogits = forward(images)
    return { losses: crossEntropy(cleanLogits, labels), cleanLogits }
  },
}

/**
 * Adversarial training by Madry et al. (arXiv:1706.06083, eq. 2.1): cross-entropy on the adversarial images alone, so
 * that batch statistics are those of these images only.
 */
export const classicAdversarialTraining: Objective = {
  usesAdversarial: true,
  usesClean: false,
  evaluate({ forward, adversarial, labels }) {
    const adversarialLogits = forward(adversarial)
    return { losses: crossEntropy(adversarialLogits, labels), adversarialLogits }
  },
}

/**
 * TRADES as the study trains it: CE(f(x), y) + beta · KL(softmax f(x) ‖ softmax f(x_adv)), with gradients through both
 * branches. The clean images pass forward first and the adversarial ones then, so that batch norms have two batches and
 * move their running statistics twice. Departure from Zhang et al. (arXiv:1901.08573): their attack maximises the KL
 * term from a random start; the study's is APGD on cross-entropy with the labels, as for Classic AT.
 */
export function trades(beta: number): Objective {
  return {
    usesAdversarial: true,
    usesClean: true,
    evaluate({ forward, images, adversarial, labels }) {
      const cleanLogits = forward(images)
      const adversarialLogits = forward(adversarial)
      const divergence = klDivergences(cleanLogits, adversarialLogits)
      const losses = crossEntropy(cleanLogits, labels).add<Tensor1D>(divergence.mul(beta))
      return { losses, cleanLogits, adversarialLogits }
    },
  }
}

/** The objective of a study's loss. Throws a TypeError for `none`. */
export function objectiveFor(loss: LossName, { tradesBeta }: { tradesBeta: number }): Objective {
  switch (loss) {
    case 'standard':
      return standard
    case 'Classic AT':
      return classicAdversarialTraining
    case 'TRADES':
      return trades(tradesBeta)
    case 'none':
      throw new TypeError('The loss none is that of the protocol none, which trains nothing; choose another loss.')
  }
}

/** KL(softmax p ‖ softmax q) of each row. p, q: logits [batch, classes] → [batch]. */
function klDivergences(p: Tensor2D, q: Tensor2D): Tensor1D {
  const logP = tf.logSoftmax(p)
  return logP
    .exp()
    .mul(logP.sub(tf.logSoftmax(q)))
    .sum<Tensor1D>(1)
}
