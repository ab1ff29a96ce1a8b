import type { Tensor1D } from '@gauntlet/engine'
import type { Randomness } from './randomness.ts'

/** The statistics of one batch at a batch norm. */
export interface NormStatistics {
  readonly mean: Tensor1D
  /** The population variance. */
  readonly variance: Tensor1D
  /** The number of values per channel. */
  readonly count: number
  /** The share of this batch in the running statistics. */
  readonly momentum: number
}

/** How a forward pass runs. */
export interface ForwardContext {
  /** Whether batch norms use the batch's statistics and dropout is on, as after `module.train()`. */
  readonly training: boolean
  /** Called in training with the statistics of each batch norm, so that the caller can update the running ones. */
  readonly onBatchStatistics?: (name: string, statistics: NormStatistics) => void
  /** The random numbers of dropout, which a model with dropout needs in training. Each forward pass has its own. */
  readonly randomness?: Randomness
  /** Whether the images are part of a batch, whose statistics are then not available. */
  readonly isPart?: boolean
}

/** The context of a pass over `count` images of a batch, from `from` on, while other passes take the rest. */
export function partOfContext(context: ForwardContext, from: number, count: number): ForwardContext {
  const { randomness } = context
  return { ...context, isPart: true, ...(randomness && { randomness: randomness.ofImages(from, count) }) }
}

export const evaluationMode: ForwardContext = { training: false }
