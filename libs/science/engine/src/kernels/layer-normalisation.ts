import type { Tensor, Tensor1D } from '../tf.ts'
import { defineKernel } from './kernel.ts'
import {
  add,
  addBias,
  matrixProduct,
  mean,
  multiply,
  reshape,
  rows,
  subtract,
  sumToLastAxis,
  unary,
} from './primitives.ts'

const kernel = defineKernel<'x' | 'scale' | 'offset', { readonly epsilon: number }>({
  name: 'GauntletLayerNormalisation',
  forward: ({ x, scale, offset }, { epsilon }) => {
    const flat = rows(x)
    const centred = subtract(flat, mean(flat, [1], true))
    const inverseDeviation = unary('Rsqrt', add(mean(unary('Square', centred), [1], true), epsilon))
    const normal = multiply(centred, inverseDeviation)
    return [reshape(addBias(multiply(normal, scale), offset), x.shape), normal, inverseDeviation]
  },
  savedInputs: ['scale'],
  savedOutputs: [false, true, true],
  gradient: (gradient, [scale, normal, inverseDeviation]) => {
    const ofY = rows(gradient)
    const correlated = multiply(ofY, normal!) // the gradients of x and of the scale both read it
    return {
      x: () => reshape(gradientOfInput(ofY, correlated, scale!, normal!, inverseDeviation!), gradient.shape),
      scale: () => sumToLastAxis(correlated),
      offset: () => sumToLastAxis(ofY),
    }
  },
})

/**
 * Layer normalisation (arXiv:1607.06450) over the last axis, with the population variance. x: [..., features]; scale,
 * offset: [features]. It is composed, because `_MklLayerNorm` cannot be run eagerly and `FusedBatchNormV3` of a
 * reshaped x takes twice as long (test/benchmarks/LOG.md).
 */
export function normaliseLayer<T extends Tensor>(x: T, scale: Tensor1D, offset: Tensor1D, epsilon: number): T {
  return kernel({ x, scale, offset }, { epsilon })[0] as T
}

/**
 * (γ g − mean(γ g) − n mean(γ g n)) / σ of each row, where n is the normalised row. The two means are matrix products
 * with γ / features.
 */
function gradientOfInput(
  ofY: Tensor,
  correlated: Tensor,
  scale: Tensor,
  normal: Tensor,
  inverseDeviation: Tensor,
): Tensor {
  const features = scale.size
  const weights = reshape(multiply(scale, 1 / features), [features, 1])
  const along = multiply(normal, matrixProduct(correlated, weights))
  const difference = subtract(subtract(multiply(ofY, scale), along), matrixProduct(ofY, weights))
  return multiply(difference, inverseDeviation)
}
