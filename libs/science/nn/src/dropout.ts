import type { Tensor } from '@gauntlet/engine'
import type { ForwardContext } from './forward-context.ts'

/** Dropout in training was given no random numbers. A retry does not help. */
export class MissingRandomness extends Error {
  override readonly name = 'MissingRandomness'
}

/**
 * `torch.nn.Dropout` (arXiv:1207.0580). In training each value becomes zero with probability `rate` (at least 0, below
 * 1), else it is divided by 1 − rate; in evaluation all stay as they are. x: [batch, …], or with a multiple of the
 * batch as its first axis; same shape out.
 */
export function dropout<T extends Tensor>(x: T, rate: number, context: ForwardContext): T {
  if (!context.training || rate === 0) return x
  if (!context.randomness) {
    throw new MissingRandomness('Dropout in training needs random numbers; give the forward context a `randomness`.')
  }
  const kept = context.randomness.uniform(x.shape).greaterEqual(rate)
  return x.mul(kept.toFloat().mul(1 / (1 - rate)))
}
