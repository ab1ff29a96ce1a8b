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
  /** Whether the images are part of a batch, so that no statistics of the batch can be had. */
  readonly isPart?: boolean
}

/** The context of a pass over `count` images from `from` on, beside passes over the others of the batch. */
export function partOfContext(context: ForwardContext, from: number, count: number): ForwardContext {
  const { randomness } = context
  return { ...context, isPart: true, ...(randomness && { randomness: randomness.ofImages(from, count) }) }
}

export const evaluationMode: ForwardContext = { training: false }
