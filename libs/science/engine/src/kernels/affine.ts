import type { Tensor, Tensor1D, Tensor2D } from '../tf.ts'
import { defineKernel } from './kernel.ts'
import { matrixProduct, reshape, rows, sumToLastAxis } from './primitives.ts'
import { productAlong, takesImagesSingly } from './product-along.ts'

const kernel = defineKernel<'x' | 'weight', { readonly singly: boolean }, 'bias'>({
  name: 'GauntletAffine',
  forward: ({ x, weight, bias }, { singly }) => [productAlong(x, rows(weight), { bias, singly })],
  savedInputs: ['x', 'weight'],
  gradient: (gradient, [x, weight], { singly }) => ({
    x: () => productAlong(gradient, rows(weight!), { second: true, singly }),
    weight: () => reshape(matrixProduct(rows(x!), rows(gradient), { first: true }), weight!.shape),
    bias: () => sumToLastAxis(gradient),
  }),
})

/**
 * x W + b along the last axis, as one matrix product. x: [..., in]; weight: [in, out], or [1, 1, in, out] of a 1×1
 * convolution, which libtensorflow's CPU kernels do up to five times faster this way than by `Conv2D` where the image
 * is small (test/benchmarks/LOG.md); bias: [out]; [..., out] out.
 */
export function affine<T extends Tensor>(x: T, weight: Tensor2D | Tensor, bias?: Tensor1D): T {
  return kernel({ x, weight, ...(bias && { bias }) }, { singly: takesImagesSingly() })[0] as T
}
