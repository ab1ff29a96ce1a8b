import type { Tensor1D } from '@gauntlet/engine'
import type { Randomness } from './randomness.ts'

/** How a forward pass runs. */
export interface ForwardContext {
  /** Batch norm by batch statistics and dropout on, as `module.train()`. */
  readonly training: boolean
  /** Told the batch statistics of each batch norm in training mode (population variance, values per channel), so that the caller can move the running ones. */
  readonly onBatchStatistics?: (name: string, statistics: { mean: Tensor1D; variance: Tensor1D; count: number }) => void
  /** Where dropout takes its random numbers; a model with dropout needs it in training. One per forward pass. */
  readonly randomness?: Randomness
}

export const evaluationMode: ForwardContext = { training: false }
