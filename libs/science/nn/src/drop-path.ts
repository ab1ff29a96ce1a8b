import { tf, type Tensor } from '@gauntlet/engine'
import { dropout } from './dropout.ts'
import type { ForwardContext } from './forward-context.ts'

/**
 * Stochastic depth (arXiv:1603.09382; timm `DropPath`). In training an image loses the whole branch with probability
 * `rate`, else the branch is divided by 1 − rate; in evaluation it stays as it is. x: [batch, …]; same shape out.
 */
export function dropPath<T extends Tensor>(x: T, rate: number, context: ForwardContext): T {
  if (!context.training || rate === 0) return x
  return x.mul(dropout(tf.ones([x.shape[0]!, ...x.shape.slice(1).map(() => 1)]), rate, context))
}
