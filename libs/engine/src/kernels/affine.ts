import type { Tensor, Tensor1D, Tensor2D } from '../tf.ts'
import { defineKernel } from './kernel.ts'
import { addBias, matrixProduct, reshape, rows, sumToLastAxis } from './primitives.ts'

const kernel = defineKernel<'x' | 'weight', object, 'bias'>({
  name: 'GauntletAffine',
  forward: ({ x, weight, bias }) => {
    const product = matrixProduct(rows(x), rows(weight))
    // Before the reshape: TensorFlow's graph rewriter joins a bias with the product it directly follows.
    const sum = bias ? addBias(product, bias) : product
    return [reshape(sum, [...x.shape.slice(0, -1), weight.shape.at(-1)!])]
  },
  savedInputs: ['x', 'weight'],
  gradient: (gradient, [x, weight]) => ({
    x: () => reshape(matrixProduct(rows(gradient), rows(weight!), { second: true }), x!.shape),
    weight: () => reshape(matrixProduct(rows(x!), rows(gradient), { first: true }), weight!.shape),
    bias: () => sumToLastAxis(gradient),
  }),
})

/**
 * x W + b along the last axis, as one matrix product. x: [..., in]; weight: [in, out], or [1, 1, in, out] of a 1×1 convolution, which
 * libtensorflow's CPU kernels do up to five times faster this way than by `Conv2D` where the image is small (test/benchmarks/LOG.md);
 * bias: [out]; [..., out] out.
 */
export function affine<T extends Tensor>(x: T, weight: Tensor2D | Tensor, bias?: Tensor1D): T {
  return kernel({ x, weight, ...(bias && { bias }) }, {})[0] as T
}
