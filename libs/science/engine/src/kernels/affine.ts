import type { Tensor, Tensor1D, Tensor2D } from '../tf.ts'
import { defineKernel } from './kernel.ts'
import { matrixProduct, reshape, rows, sumToLastAxis } from './primitives.ts'
import { productAlong, isBatchInvariant } from './product-along.ts'

const kernel = defineKernel<'x' | 'weight', { readonly invariant: boolean }, 'bias'>({
  name: 'GauntletAffine',
  forward: ({ x, weight, bias }, { invariant }) => [productAlong(x, rows(weight), { bias, invariant })],
  savedInputs: ['x', 'weight'],
  gradient: (gradient, [x, weight], { invariant }) => ({
    x: () => productAlong(gradient, rows(weight!), { second: true, invariant }),
    weight: () => reshape(matrixProduct(rows(x!), rows(gradient), { first: true }), weight!.shape),
    bias: () => sumToLastAxis(gradient),
  }),
})

/**
 * x W + b along the last axis, as one matrix product. x: [..., in]; weight: [in, out], or [1, 1, in, out] of a 1×1
 * convolution; bias: [out]; [..., out] out. On small images libtensorflow's CPU kernels compute a 1×1 convolution this
 * way up to five times faster than by `Conv2D` (test/benchmarks/LOG.md).
 */
export function affine<T extends Tensor>(x: T, weight: Tensor2D | Tensor, bias?: Tensor1D): T {
  return kernel({ x, weight, ...(bias && { bias }) }, { invariant: isBatchInvariant() })[0] as T
}
