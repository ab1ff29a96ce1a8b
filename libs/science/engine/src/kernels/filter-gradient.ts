import { runOperator } from '../operator.ts'
import { tf, type Tensor } from '../tf.ts'
import { operatorAttributes, zeroPadded, type ConvolutionGeometry } from './convolution-geometry.ts'
import { integers, matrixProduct, reshape, rows, stridedSlice, sum, transpose } from './primitives.ts'

/**
 * The gradient of the filter, [height, width, in / groups, out], by TensorFlow's own operator, group by group. For a
 * small filter that is up to three times faster if the image is padded before (test/benchmarks/LOG.md). For a strided
 * 1×1 filter it is a matrix product with the pixels that the filter reads, since oneDNN's kernel for AVX2
 * (`jit_1x1:avx2`, TensorFlow 2.21) writes beyond its memory there.
 */
export function filterGradient(
  x: Tensor,
  filterShape: readonly number[],
  gradient: Tensor,
  geometry: ConvolutionGeometry,
): Tensor {
  const [height, width, inputs, outputs] = filterShape as [number, number, number, number]
  const groups = x.shape[3]! / inputs
  const shapeOfGroup = [height, width, inputs, outputs / groups]
  const isPointwise = height === 1 && width === 1 && geometry.stride > 1
  const ofGroup = (part: Tensor, ofPart: Tensor) =>
    isPointwise
      ? filterGradientByPosition(part, shapeOfGroup, ofPart, geometry)
      : runOperator('Conv2DBackpropFilter', operatorAttributes(geometry), [part, integers(shapeOfGroup), ofPart])[0]!
  if (groups === 1) return ofGroup(x, gradient)
  const parts = tf.split(gradient, groups, 3)
  return tf.concat(
    tf.split(x, groups, 3).map((part, group) => ofGroup(part, parts[group]!)),
    3,
  )
}

/**
 * The gradient of the filter for one group, as one matrix product for each position of the filter: of the pixels that
 * are read from there with the gradient. For stride 1 it is 1.3 to 1.6 times as fast on CPU (test/benchmarks/LOG.md).
 */
export function filterGradientByPosition(
  x: Tensor,
  filterShape: readonly number[],
  gradient: Tensor,
  geometry: ConvolutionGeometry,
): Tensor {
  const [filterHeight, filterWidth, inputs, outputs] = filterShape as [number, number, number, number]
  const [batch, height, width] = gradient.shape as [number, number, number]
  const image = zeroPadded(x, geometry)
  const ofY = rows(gradient)
  const places = Array.from({ length: filterHeight * filterWidth }, (_, place) =>
    tf.tidy(() => {
      const begin = [0, Math.floor(place / filterWidth), place % filterWidth, 0]
      const seen = stridedSlice(image, begin, [batch, height, width, inputs], [1, geometry.stride, geometry.stride, 1])
      return matrixProduct(rows(seen), ofY, { first: true })
    }),
  )
  return tf.concat(places, 0).reshape([filterHeight, filterWidth, inputs, outputs])
}

/**
 * The gradient of a depthwise filter for stride 1, by a depthwise convolution forward. Every channel of every image
 * becomes a channel of one image, and is convolved with its gradient as the filter; the results of the images are
 * added. From 5 × 5 on that is up to four times as fast on CPU as TensorFlow's own operator (test/benchmarks/LOG.md).
 * filterShape: [height, width, channels, 1].
 */
export function depthwiseFilterGradient(
  x: Tensor,
  filterShape: readonly number[],
  gradient: Tensor,
  { padding }: ConvolutionGeometry,
): Tensor {
  const [filterHeight, filterWidth] = filterShape as [number, number]
  const [batch, height, width, channels] = x.shape as [number, number, number, number]
  const [, gradientHeight, gradientWidth] = gradient.shape as [number, number, number]
  const image = reshape(transpose(x, [1, 2, 0, 3]), [1, height, width, batch * channels])
  const filter = reshape(transpose(gradient, [1, 2, 0, 3]), [gradientHeight, gradientWidth, batch * channels, 1])
  const ofImages = runOperator('DepthwiseConv2dNative', operatorAttributes({ stride: 1, padding }), [image, filter])[0]!
  return reshape(sum(reshape(ofImages, [filterHeight, filterWidth, batch, channels]), [2], false), filterShape)
}
