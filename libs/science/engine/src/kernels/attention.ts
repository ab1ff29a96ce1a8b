import type { Tensor, Tensor4D } from '../tf.ts'
import { defineKernel } from './kernel.ts'
import { add, batchedProduct, multiply, reshape, subtract, sum } from './primitives.ts'
import { softmaxAlong } from './softmax-along.ts'

const kernel = defineKernel<
  'query' | 'key' | 'value',
  { readonly scale: number; readonly biasShape: number[] },
  'bias'
>({
  name: 'GauntletAttention',
  forward: ({ query, key, value, bias }, { scale }) => {
    const scaled = multiply(query, scale) // fewer elements than the scores: width a token, not tokens a token
    const scores = batchedProduct(scaled, key, { second: true })
    const weights = softmaxAlong(bias ? add(scores, bias) : scores)
    return [batchedProduct(weights, value), scaled, weights]
  },
  savedInputs: ['key', 'value'],
  savedOutputs: [true, true, true],
  gradient: (gradient, [key, value, y, scaled, weights], { scale, biasShape }) => {
    // The gradient of the scores, which query, key and bias share. Each row's sum Σ weight · gradient equals Σ y ·
    // gradient, which runs over the width instead of the tokens.
    const ofWeights = batchedProduct(gradient, value!, { second: true })
    const ofScores = multiply(subtract(ofWeights, sum(multiply(gradient, y!), [3], true)), weights!)
    return {
      query: () => multiply(batchedProduct(ofScores, key!), scale),
      key: () => batchedProduct(ofScores, scaled!, { first: true }),
      value: () => batchedProduct(weights!, gradient, { first: true }),
      bias: () => sumToShape(ofScores, biasShape),
    }
  },
})

/**
 * softmax(q kᵀ · scale + bias) v (arXiv:1706.03762, equation 1). query, key, value: [batch, heads, tokens, width];
 * bias: broadcast to [batch, heads, queries, keys]. The softmax's gradient takes its row sums from the output, as
 * FlashAttention does (arXiv:2205.14135, section B.2).
 */
export function scaledDotProductAttention(
  query: Tensor4D,
  key: Tensor4D,
  value: Tensor4D,
  scale: number,
  bias?: Tensor,
): Tensor4D {
  return kernel({ query, key, value, ...(bias && { bias }) }, { scale, biasShape: bias?.shape ?? [] })[0] as Tensor4D
}

/** Sums over the axes along which `shape` was broadcast. */
function sumToShape(x: Tensor, shape: readonly number[]): Tensor {
  const missing = x.rank - shape.length
  const axes = x.shape.flatMap((size, axis) =>
    axis < missing || (shape[axis - missing] === 1 && size > 1) ? [axis] : [],
  )
  return axes.length === 0 ? x : reshape(sum(x, axes, true), shape)
}
