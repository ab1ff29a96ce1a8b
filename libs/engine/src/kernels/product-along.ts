import { nativeBackend, runOperator } from '../operator.ts'
import { hasWideVectors } from '../processor.ts'
import type { Tensor } from '../tf.ts'
import { operatorAttributes } from './convolution-geometry.ts'
import { addBias, matrixProduct, reshape, rows, transpose } from './primitives.ts'

const pointwise = operatorAttributes({ stride: 1, padding: { top: 0, bottom: 0, left: 0, right: 0 } })

/**
 * Of the numbers along the last axis of x [images, ..., in] by a matrix [in, out] (`second`: [out, in], transposed), plus a bias [out]: [images, ..., out]. An image
 * has the same bits in every place of a batch.
 *
 * Without AVX-512 oneDNN's matrix product adds the last few rows in another order than the others. There it is a 1×1 convolution, which takes the images one by one
 * and up to an eighth longer (test/benchmarks/LOG.md).
 */
export function productAlong(
  x: Tensor,
  matrix: Tensor,
  { second = false, bias }: { readonly second?: boolean; readonly bias?: Tensor } = {},
): Tensor {
  const [inputs, outputs] = (second ? matrix.shape.toReversed() : matrix.shape) as [number, number]
  const images = x.shape[0]!
  // Before the reshape: TensorFlow's graph rewriter joins a bias with the product it directly follows.
  const finished = (product: Tensor) => reshape(bias ? addBias(product, bias) : product, [...x.shape.slice(0, -1), outputs])
  if (images === 1 || !productsMixImages()) return finished(matrixProduct(rows(x), matrix, { second }))
  const pixels = reshape(x, [images, x.size / images / inputs, 1, inputs])
  const filter = reshape(second ? transpose(matrix, [1, 0]) : matrix, [1, 1, inputs, outputs])
  return finished(runOperator('Conv2D', pointwise, [pixels, filter])[0]!)
}

function productsMixImages(): boolean {
  return !nativeBackend().isUsingGpuDevice && !hasWideVectors()
}
