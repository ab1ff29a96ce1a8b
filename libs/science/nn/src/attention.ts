import { scaledDotProductAttention, type Tensor, type Tensor4D } from '@gauntlet/engine'

export interface AttentionOptions {
  /** What q kᵀ is multiplied by; 1 / √width as a rule. */
  readonly scale: number
  /** Added to the scaled scores; broadcast over [batch, heads, queries, keys]. */
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
