import type { Hyperparameters } from '@gauntlet/study'

/** The learning rates of one epoch. */
export interface LearningRates {
  readonly backbone: number
  readonly head: number
}

/**
 * The rates of `epoch` (from 0) of `epochs`: constant, or with cosine decay per epoch to 0 as torch's CosineAnnealingLR
 * with T_max = epochs and eta_min = 0.
 */
export function learningRatesAt(
  epoch: number,
  epochs: number,
  hyperparameters: Pick<Hyperparameters, 'learningRateBackbone' | 'learningRateHead' | 'cosine'>,
): LearningRates {
  const factor = hyperparameters.cosine ? (1 + Math.cos((Math.PI * epoch) / epochs)) / 2 : 1
  return { backbone: factor * hyperparameters.learningRateBackbone, head: factor * hyperparameters.learningRateHead }
}
