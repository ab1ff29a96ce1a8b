import { adamStep, tf, type AdamTensors, type Scalar } from '@gauntlet/engine'
import type { Hyperparameters } from '@gauntlet/study'
import type { LearningRates } from './learning-rate.ts'

/** The factors of a step that many tensors share; float32 scalars. */
export interface AdamWFactors {
  /** 1 − learning rate · weight decay; left out where the tensor does not decay. */
  readonly kept?: Scalar
  /** Learning rate · √(1 − beta2^step) / (1 − beta1^step). */
  readonly rate: Scalar
  /** 1e-8 · √(1 − beta2^step). */
  readonly epsilon: Scalar
}

/** The study's constants. They are torch's defaults but for the second beta. */
const adamWConstants = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8 } as const

/** The factors of an optimiser step for backbone and head, computed in float64. `step` counts from 1. */
export function adamWFactors(
  step: number,
  rates: LearningRates,
  { weightDecayBackbone, weightDecayHead }: Pick<Hyperparameters, 'weightDecayBackbone' | 'weightDecayHead'>,
) {
  const { beta1, beta2, epsilon } = adamWConstants
  const correction = Math.sqrt(1 - power(beta2, step))
  return {
    backboneKept: tf.scalar(1 - rates.backbone * weightDecayBackbone),
    headKept: tf.scalar(1 - rates.head * weightDecayHead),
    backboneRate: tf.scalar((rates.backbone * correction) / (1 - power(beta1, step))),
    headRate: tf.scalar((rates.head * correction) / (1 - power(beta1, step))),
    epsilon: tf.scalar(epsilon * correction),
  }
}

/**
 * base^exponent for a whole exponent from 0, by squaring: products have the same bits in every Node. `base **
 * exponent` has other ones in Node 24 than in Node 22 for a tenth of the second moment's steps.
 */
function power(base: number, exponent: number): number {
  if (exponent === 0) return 1
  const half = power(base, Math.floor(exponent / 2))
  return exponent % 2 === 0 ? half * half : half * half * base
}

/**
 * One step of AdamW (arXiv:1711.05101, algorithm 2) as `torch.optim.AdamW` computes it. The decay is decoupled and
 * comes before the step. Epsilon is added after the bias correction of the second moment, where TensorFlow and Keras
 * add theirs before it; the correction multiplies rate and epsilon here instead of dividing √v.
 */
export function adamWStep(tensors: AdamTensors, factors: AdamWFactors): AdamTensors {
  return adamStep(tensors, factors, adamWConstants)
}
