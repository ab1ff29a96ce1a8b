import type { Tensor } from '@gauntlet/engine'

/** The random numbers of one forward pass. Its layers draw from nowhere else. */
export interface Randomness {
  /**
   * Numbers in [0, 1). Every call gives new ones. Another pass with the same key gets the same numbers by the same
   * calls in the same order.
   */
  readonly uniform: (shape: readonly number[]) => Tensor
  /**
   * The randomness of `count` images from `from` on. A pass over these alone draws what a pass over the whole batch
   * draws for them.
   */
  readonly ofImages: (from: number, count: number) => Randomness
}
