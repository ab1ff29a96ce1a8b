import { scaledDotProductAttention, type Tensor, type Tensor4D } from '@gauntlet/engine'

export interface AttentionOptions {
  /** The factor of q kᵀ, which usually is 1 / √width. */
  readonly scale: number
  /** Added to the scaled scores, broadcast to [batch, heads, queries, keys]. */
  readonly bias?: Tensor
}

/**
 * softmax(q kᵀ · scale + bias) v (arXiv:1706.03762, equation 1). query, key, value: [batch, heads, tokens, width];
 * [batch, heads, queries, width] out.
 */
export function attention(
  query: Tensor4D,
  key: Tensor4D,
  value: Tensor4D,
  { scale, bias }: AttentionOptions,
): Tensor4D {
  return scaledDotProductAttention(query, key, value, scale, bias)
}
