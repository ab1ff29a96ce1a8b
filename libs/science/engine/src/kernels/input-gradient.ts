import { runOperator } from '../operator.ts'
import type { Tensor } from '../tf.ts'
import { operatorAttributes, unpadded, type ConvolutionGeometry } from './convolution-geometry.ts'
import { integers, padWithZeros, reshape, reverse, slice, transpose } from './primitives.ts'

/**
 * The gradient of a convolution's input, as a convolution forward: of the output's gradient, dilated by the stride,
 * with the filter turned by 180° and its input and output channels exchanged. On CPU TensorFlow's forward kernels are
 * faster than the backward ones (up to 2.5 times for dense, several times for depthwise filters;
 * test/benchmarks/LOG.md), and only they have groups. shape: that of the input, [batch, height, width, channels].
 */
export function inputGradient(
  operator: 'Conv2D' | 'DepthwiseConv2dNative',
  shape: readonly number[],
  filter: Tensor,
  gradient: Tensor,
  { stride, padding: { top, left } }: ConvolutionGeometry,
): Tensor {
  const [, height, width, channels] = shape as [number, number, number, number]
  const [filterHeight, filterWidth, inputs] = filter.shape as [number, number, number]
  const dilatedGradient = stride === 1 ? gradient : dilated(gradient, stride)
  const [, dilatedHeight, dilatedWidth] = dilatedGradient.shape as [number, number, number]
  const wanted = {
    top: filterHeight - 1 - top,
    bottom: height - dilatedHeight + top,
    left: filterWidth - 1 - left,
    right: width - dilatedWidth + left,
  }
  const flipped = reverse(filter, [0, 1])
  const exchanged = operator === 'Conv2D' ? exchangeChannels(flipped, channels / inputs) : flipped
  const padding = mapSides(wanted, (zeros) => Math.max(zeros, 0))
  return runOperator(operator, operatorAttributes({ stride: 1, padding }), [
    cropped(dilatedGradient, wanted),
    exchanged,
  ])[0]!
}

/**
 * The gradient of a convolution's input by TensorFlow's backward kernel, for the padded image, whose margins are then
 * cut off. Given the padding, TensorFlow would not use oneDNN's kernel, which is 1.1 to 8 times as fast from some
 * number of channels on (test/benchmarks/LOG.md). This has no groups.
 */
export function inputGradientOfPadded(
  shape: readonly number[],
  filter: Tensor,
  gradient: Tensor,
  geometry: ConvolutionGeometry,
): Tensor {
  const [batch, height, width, channels] = shape as [number, number, number, number]
  const { top, bottom, left, right } = geometry.padding
  const sizes = integers([batch, top + height + bottom, left + width + right, channels])
  const [ofPadded] = runOperator('Conv2DBackpropInput', operatorAttributes(unpadded(geometry)), [
    sizes,
    filter,
    gradient,
  ])
  return cropped(ofPadded!, { top: -top, bottom: -bottom, left: -left, right: -right })
}

type Sides = ConvolutionGeometry['padding']

function mapSides({ top, bottom, left, right }: Sides, change: (size: number) => number): Sides {
  return { top: change(top), bottom: change(bottom), left: change(left), right: change(right) }
}

/** Cuts off as many rows and columns as `sides` is below zero. Only padding was read there. */
function cropped(x: Tensor, sides: Sides): Tensor {
  const cut = mapSides(sides, (zeros) => Math.max(-zeros, 0))
  if (cut.top + cut.bottom + cut.left + cut.right === 0) return x
  const [batch, height, width, channels] = x.shape as [number, number, number, number]
  return slice(
    x,
    [0, cut.top, cut.left, 0],
    [batch, height - cut.top - cut.bottom, width - cut.left - cut.right, channels],
  )
}

/** [height, width, in of a group, out of all groups] becomes [height, width, out of a group, in of all groups]. */
function exchangeChannels(filter: Tensor, groups: number): Tensor {
  const [height, width, inputs, outputs] = filter.shape as [number, number, number, number]
  if (groups === 1) return transpose(filter, [0, 1, 3, 2])
  const each = transpose(reshape(filter, [height, width, inputs, groups, outputs / groups]), [0, 1, 4, 3, 2])
  return reshape(each, [height, width, outputs / groups, groups * inputs])
}

/** Puts stride − 1 zeros after every pixel, in both directions. */
function dilated(x: Tensor, stride: number): Tensor {
  const [batch, height, width, channels] = x.shape as [number, number, number, number]
  const [none, apart] = [[0, 0], [0, stride - 1]] as const // prettier-ignore
  const cells = reshape(x, [batch, height, 1, width, 1, channels])
  return reshape(padWithZeros(cells, [none, none, apart, none, apart, none]), [
    batch,
    height * stride,
    width * stride,
    channels,
  ])
}
