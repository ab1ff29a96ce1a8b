import type { Tensor } from '@gauntlet/engine'

/** Where one forward pass takes its random numbers; the only place its layers ask for any. */
export interface Randomness {
  /**
   * Numbers in [0, 1). Every call gives new ones; the same calls in the same order of another pass with the same key
   * give the same.
   */
  readonly uniform: (shape: readonly number[]) => Tensor
  /** That of `count` images from `from` on, for a pass over them alone which draws as the whole batch's would. */
  readonly ofImages: (from: number, count: number) => Randomness
}
