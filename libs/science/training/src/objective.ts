import { crossEntropy } from '@gauntlet/attacks'
import { tf, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import type { LossName } from '@gauntlet/study'

/** What an objective sees of one micro-batch. */
export interface ObjectiveInput {
  /** One call is one forward pass in training mode. */
  readonly forward: (images: Tensor4D) => Tensor2D
  readonly images: Tensor4D
  /** The attacked images; the clean ones where the objective needs no attack. */
  readonly adversarial: Tensor4D
  /** int32, [batch]. */
  readonly labels: Tensor1D
}

/** What an objective found: one loss per image, and the logits that training accuracy is counted from. */
export interface ObjectiveOutput {
  readonly losses: Tensor1D
  readonly cleanLogits?: Tensor2D
  readonly adversarialLogits?: Tensor2D
}

/** A training objective as a value. */
export interface Objective {
  /** Whether it looks at attacked and at clean images. */
  readonly attacked: boolean
  readonly clean: boolean
  evaluate(input: ObjectiveInput): ObjectiveOutput
}

/** Cross-entropy on the clean images only: the control. */
export const standard: Objective = {
  attacked: false,
  clean: true,
  evaluate({ forward, images, labels }) {
    const cleanLogits = forward(images)
    return { losses: crossEntropy(cleanLogits, labels), cleanLogits }
  },
}

/**
 * Madry et al. (arXiv:1706.06083, eq. 2.1): cross-entropy on the attacked images alone, so batch statistics see only
 * those.
 */
export const classicAdversarialTraining: Objective = {
  attacked: true,
  clean: false,
  evaluate({ forward, adversarial, labels }) {
    const adversarialLogits = forward(adversarial)
    return { losses: crossEntropy(adversarialLogits, labels), adversarialLogits }
  },
}

/**
 * TRADES as the study has it: CE(f(x), y) + beta · KL(softmax f(x) ‖ softmax f(x_adv)), gradients through both
 * branches. Two forward passes one after the other, clean first, so batch norms see two batches and move their running
 * statistics twice. Zhang et al. (arXiv:1901.08573) differ in the attack: theirs maximises the KL term from a random
 * start, the study's is APGD on cross-entropy with the labels, as for Classic AT.
 */
export function trades(beta: number): Objective {
  return {
    attacked: true,
    clean: true,
    evaluate({ forward, images, adversarial, labels }) {
      const cleanLogits = forward(images)
      const adversarialLogits = forward(adversarial)
      const divergence = klDivergences(cleanLogits, adversarialLogits)
      const losses = crossEntropy(cleanLogits, labels).add<Tensor1D>(divergence.mul(beta))
      return { losses, cleanLogits, adversarialLogits }
    },
  }
}

/** The objective a study names. */
export function objectiveFor(loss: LossName, { tradesBeta }: { tradesBeta: number }): Objective {
  switch (loss) {
    case 'standard':
      return standard
    case 'Classic AT':
      return classicAdversarialTraining
    case 'TRADES':
      return trades(tradesBeta)
  }
}

/** KL(softmax p ‖ softmax q) of each row: logits [batch, classes] → [batch]. */
function klDivergences(p: Tensor2D, q: Tensor2D): Tensor1D {
  const logP = tf.logSoftmax(p)
  return logP
    .exp()
    .mul(logP.sub(tf.logSoftmax(q)))
    .sum<Tensor1D>(1)
}
