import { tf, type Scalar, type Tensor } from '@gauntlet/engine'
import type { Hyperparameters } from '@gauntlet/study'
import type { LearningRates } from './learning-rate.ts'

/** The numbers AdamW keeps for a tensor of parameters; all of its shape. */
export interface AdamWTensors {
  readonly value: Tensor
  /** Moving average of the gradient. */
  readonly firstMoment: Tensor
  /** Moving average of the squared gradient. */
  readonly secondMoment: Tensor
}

/** What of a step is the same for many tensors; float32 scalars. */
export interface AdamWFactors {
  /** 1 − learning rate · weight decay; left out where nothing decays. */
  readonly kept?: Scalar
  /** Learning rate / (1 − beta1^step). */
  readonly rate: Scalar
  /** √(1 − beta2^step). */
  readonly correction: Scalar
}

/** The study's settings; torch's defaults but for the second beta. */
const adamWConstants = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8 } as const

/** The factors of an optimiser step for both roles, computed in float64. `step` counts from 1. */
export function adamWFactors(
  step: number,
  rates: LearningRates,
  { weightDecayBackbone, weightDecayHead }: Pick<Hyperparameters, 'weightDecayBackbone' | 'weightDecayHead'>,
) {
  const { beta1, beta2 } = adamWConstants
  return {
    backboneKept: tf.scalar(1 - rates.backbone * weightDecayBackbone),
    headKept: tf.scalar(1 - rates.head * weightDecayHead),
    backboneRate: tf.scalar(rates.backbone / (1 - beta1 ** step)),
    headRate: tf.scalar(rates.head / (1 - beta1 ** step)),
    correction: tf.scalar(Math.sqrt(1 - beta2 ** step)),
  }
}

/**
 * One step of AdamW (arXiv:1711.05101, algorithm 2) as `torch.optim.AdamW` computes it: the decay is decoupled and comes before
 * the step, and epsilon is added after the bias correction of the second moment (TensorFlow and Keras add theirs before it).
 */
export function adamWStep(
  { value, firstMoment, secondMoment }: AdamWTensors,
  gradient: Tensor,
  { kept, rate, correction }: AdamWFactors,
): AdamWTensors {
  const { beta1, beta2, epsilon } = adamWConstants
  const first = firstMoment.add(gradient.sub(firstMoment).mul(1 - beta1))
  const second = secondMoment.mul(beta2).add(gradient.square().mul(1 - beta2))
  const denominator = second.sqrt().div(correction).add(epsilon)
  const decayed = kept ? value.mul(kept) : value
  return { value: decayed.sub(first.div(denominator).mul(rate)), firstMoment: first, secondMoment: second }
}
