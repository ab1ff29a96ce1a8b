import { runOperator } from '../operator.ts'
import { isRecordedForXla } from '../program-device.ts'
import { tf, type Tensor, type Tensor1D, type Tensor4D } from '../tf.ts'
import { affine } from './affine.ts'
import { withBias } from './bias.ts'
import {
  depthwiseAttributes,
  isUnpadded,
  needsExplicitPadding,
  operatorAttributes,
  zeroPadded,
  unpadded,
  type ConvolutionGeometry,
} from './convolution-geometry.ts'
import { depthwiseFilterGradient, filterGradient, filterGradientByPosition } from './filter-gradient.ts'
import { inputGradient, inputGradientOfPadded } from './input-gradient.ts'
import { defineKernel } from './kernel.ts'
import { convolvePatches } from './patch-convolution.ts'
import { integers } from './primitives.ts'

export type { ConvolutionGeometry } from './convolution-geometry.ts'

const convolution = defineKernel<'x' | 'filter', ConvolutionGeometry>({
  name: 'GauntletConvolution',
  forward: ({ x, filter }, geometry) => runOperator('Conv2D', operatorAttributes(geometry), [x, filter]),
  savedInputs: ['x', 'filter'],
  gradient: (gradient, [x, filter], geometry) => ({
    x: () => gradientByInput(x!, filter!, gradient, geometry),
    filter: () => gradientByFilter(x!, filter!, gradient, geometry),
  }),
})

const depthwise = defineKernel<'x' | 'filter', ConvolutionGeometry>({
  name: 'GauntletDepthwiseConvolution',
  forward: ({ x, filter }, geometry) =>
    runOperator('DepthwiseConv2dNative', depthwiseAttributes(geometry, x, filter), [x, filter]),
  savedInputs: ['x', 'filter'],
  gradient: (gradient, [x, filter], geometry) => ({
    x: () =>
      isRecordedForXla()
        ? backward('DepthwiseConv2dNativeBackpropInput', geometry, integers(x!.shape), filter!, gradient)
        : inputGradient('DepthwiseConv2dNative', x!.shape, filter!, gradient, geometry),
    filter: () =>
      isRecordedForXla() || geometry.stride > 1 || filter!.shape[0]! < 5
        ? backward('DepthwiseConv2dNativeBackpropFilter', geometry, x!, integers(filter!.shape), gradient)
        : depthwiseFilterGradient(x!, filter!.shape, gradient, geometry),
  }),
})

/**
 * Convolution with a number of zeros on each side, as in PyTorch. TensorFlow's `SAME` pads strided convolutions
 * unevenly, and tfjs's own operator would need a copy for the padding. x: [batch, height, width, in]; filter: [kernel,
 * kernel, in / groups, out], whose third axis gives the number of groups; bias: [out].
 */
export function convolve(x: Tensor4D, filter: Tensor4D, geometry: ConvolutionGeometry, bias?: Tensor1D): Tensor4D {
  if (isPointwise(x, filter, geometry)) return affine(x, filter, bias)
  const y = isOfPatches(x, filter, geometry)
    ? convolvePatches(x, filter)
    : (convolution({ x, filter }, geometry)[0] as Tensor4D)
  return bias ? withBias(y, bias) : y
}

/**
 * Depthwise convolution. x: [batch, height, width, channels]; filter: [kernel, kernel, channels, 1]; bias: [channels].
 */
export function convolveDepthwise(
  x: Tensor4D,
  filter: Tensor4D,
  geometry: ConvolutionGeometry,
  bias?: Tensor1D,
): Tensor4D {
  if (!bias) return depthwise({ x, filter }, geometry)[0] as Tensor4D
  const { top, bottom, left, right } = geometry.padding
  const explicit = !isUnpadded(geometry) && needsExplicitPadding(geometry, x, filter)
  const image = explicit ? tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]]) : x // prettier-ignore
  const y = depthwise({ x: image, filter }, explicit ? unpadded(geometry) : geometry)[0] as Tensor4D
  return withBias(y, bias)
}

function isPointwise(
  x: Tensor4D,
  { shape: [height, width, inputs] }: Tensor4D,
  geometry: ConvolutionGeometry,
): boolean {
  return height === 1 && width === 1 && inputs === x.shape[3] && geometry.stride === 1 && isUnpadded(geometry)
}

/** Whether the convolution reads squares that do not overlap and cover the image. */
function isOfPatches(
  x: Tensor4D,
  { shape: [height, width, inputs] }: Tensor4D,
  geometry: ConvolutionGeometry,
): boolean {
  const { stride } = geometry
  const fits = height === stride && width === stride && x.shape[1] % stride === 0 && x.shape[2] % stride === 0
  return fits && inputs === x.shape[3] && isUnpadded(geometry)
}

/**
 * On CPUs TensorFlow's own backward kernel gives the input's gradient faster up to so many channels, and the filter's
 * from so many elements of the filter on.
 */
const [fewChannels, largeFilter] = [4, 2 ** 18]

/**
 * On CPUs by the forward kernel, which is faster and has groups, except where it would multiply mostly zeros
 * (test/benchmarks/LOG.md).
 */
function gradientByInput(x: Tensor, filter: Tensor, gradient: Tensor, geometry: ConvolutionGeometry): Tensor {
  const channels = x.shape[3]!
  const isGrouped = filter.shape[2] !== channels
  if (!isRecordedForXla() && (isGrouped || geometry.stride === 1))
    return inputGradient('Conv2D', x.shape, filter, gradient, geometry)
  if (!isRecordedForXla() && channels > fewChannels) return inputGradientOfPadded(x.shape, filter, gradient, geometry)
  return backward('Conv2DBackpropInput', geometry, integers(x.shape), filter, gradient)
}

function gradientByFilter(x: Tensor, filter: Tensor, gradient: Tensor, geometry: ConvolutionGeometry): Tensor {
  if (isRecordedForXla()) return backward('Conv2DBackpropFilter', geometry, x, integers(filter.shape), gradient)
  const isGrouped = filter.shape[2] !== x.shape[3]
  if (!isGrouped && geometry.stride === 1) return filterGradientByPosition(x, filter.shape, gradient, geometry)
  if (isGrouped || filter.size > largeFilter) return filterGradient(x, filter.shape, gradient, geometry)
  return filterGradient(zeroPadded(x, geometry), filter.shape, gradient, unpadded(geometry))
}

function backward(operator: string, geometry: ConvolutionGeometry, ...inputs: Tensor[]): Tensor {
  return runOperator(operator, operatorAttributes(geometry), inputs)[0]!
}
