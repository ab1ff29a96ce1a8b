import type { Tensor1D } from '@gauntlet/engine'
import type { Randomness } from './randomness.ts'

/** What a batch norm saw of one batch. */
export interface NormStatistics {
  readonly mean: Tensor1D
  /** Over the population. */
  readonly variance: Tensor1D
  /** Values per channel. */
  readonly count: number
  /** The batch's share of the running statistics it moves. */
  readonly momentum: number
}

/** How a forward pass runs. */
export interface ForwardContext {
  /** Batch norm by batch statistics and dropout on, as `module.train()`. */
  readonly training: boolean
  /** Told the batch statistics of each batch norm in training mode, so that the caller can move the running ones. */
  readonly onBatchStatistics?: (name: string, statistics: NormStatistics) => void
  /** Where dropout takes its random numbers; a model with dropout needs it in training. One per forward pass. */
  readonly randomness?: Randomness
}

export const evaluationMode: ForwardContext = { training: false }
