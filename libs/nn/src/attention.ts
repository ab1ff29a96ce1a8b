import { tf, type Tensor, type Tensor4D } from '@gauntlet/engine'
import { softmax } from './activations.ts'

export interface AttentionOptions {
  /** What q kᵀ is multiplied by; 1 / √width as a rule. */
  readonly scale: number
  /** Added to the scaled scores; broadcast over [batch, heads, queries, keys]. */
  readonly bias?: Tensor
}

/** softmax(q kᵀ · scale + bias) v (arXiv:1706.03762, equation 1). query, key, value: [batch, heads, tokens, width]; the shape of `query` out, `value`'s width. */
export function attention(query: Tensor4D, key: Tensor4D, value: Tensor4D, { scale, bias }: AttentionOptions): Tensor4D {
  const scores = tf.matMul(query, key, false, true).mul<Tensor4D>(scale)
  const weights = softmax(bias ? scores.add<Tensor4D>(bias) : scores)
  return tf.matMul(weights, value)
}
