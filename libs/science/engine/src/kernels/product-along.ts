import { runOperator } from '../operator.ts'
import { hasWideVectors } from '../processor.ts'
import { isRecordedForXla } from '../program-device.ts'
import type { Tensor } from '../tf.ts'
import { operatorAttributes, unpadded } from './convolution-geometry.ts'
import { addBias, matrixProduct, padWithZeros, reshape, rows, slice, transpose } from './primitives.ts'

const pointwise = operatorAttributes(unpadded({ stride: 1 }))

let isInvariant = false

/**
 * Gives `layers` with an invariance: an image has the same bits in every position of a batch of eight images or more,
 * in its output and its gradient. With AVX-512 these are, as far as was seen, also its bits among another number of
 * images (decision 0046).
 *
 * Without AVX-512, oneDNN's matrix product adds the last few rows in another order than the others. There a product is
 * computed as a 1×1 convolution, which takes the images one by one, and a pass takes up to a fifth longer
 * (test/benchmarks/LOG.md).
 */
export function batchPositionInvariant<Given extends unknown[], Result>(
  layers: (...given: Given) => Result,
): (...given: Given) => Result {
  return (...given) => {
    const before = isInvariant
    isInvariant = true
    try {
      return layers(...given)
    } finally {
      isInvariant = before
    }
  }
}

/**
 * Whether layers are to compute with the invariance of `batchPositionInvariant`. A layer asks this in its forward pass,
 * and its gradient, which is computed later, does the same.
 */
export function isBatchInvariant(): boolean {
  return isInvariant && !isRecordedForXla()
}

/** How a product is computed. */
interface ProductOptions {
  /** Whether the matrix is given transposed. */
  readonly second?: boolean
  readonly bias?: Tensor | undefined
  /** What `isBatchInvariant` gave when the layer ran. */
  readonly invariant: boolean
}

/**
 * Multiplies the last axis of x [images, ..., in] by a matrix [in, out], and adds a bias [out]: [images, ..., out] out.
 */
export function productAlong(x: Tensor, matrix: Tensor, { second = false, bias, invariant }: ProductOptions): Tensor {
  const [inputs, outputs] = (second ? matrix.shape.toReversed() : matrix.shape) as [number, number]
  const images = x.shape[0]!
  // The bias is added before the reshape, because a program fuses it with the product that it directly follows
  // (`withFusedOperators`).
  const finished = (product: Tensor) =>
    reshape(bias ? addBias(product, bias) : product, [...x.shape.slice(0, -1), outputs])
  if (images === 1 || !invariant) return finished(matrixProduct(rows(x), matrix, { second }))
  if (hasWideVectors()) return finished(second ? byTransposed(rows(x), matrix) : matrixProduct(rows(x), matrix))
  const pixels = x.rank === 4 ? x : reshape(x, [images, x.size / images / inputs, 1, inputs])
  const filter = reshape(second ? transpose(matrix, [1, 0]) : matrix, [1, 1, inputs, outputs])
  return finished(runOperator('Conv2D', pointwise, [pixels, filter])[0]!)
}

/** Rows from which on oneDNN adds in one order in the product with a transposed matrix. */
const fewestOfOneOrder = 16

/** The product of x [rows, in] and a matrix [out, in] that is transposed, added in that order. */
function byTransposed(x: Tensor, matrix: Tensor): Tensor {
  const [count, outputs] = [x.shape[0]!, matrix.shape[0]!]
  const missing = Math.max(fewestOfOneOrder - count, 0)
  if (missing === 0) return matrixProduct(x, matrix, { second: true })
  const filled = padWithZeros(x, [[0, missing], [0, 0]]) // prettier-ignore
  return slice(matrixProduct(filled, matrix, { second: true }), [0, 0], [count, outputs])
}
