import { runOperator } from '../operator.ts'
import { tf, type Tensor, type Tensor4D } from '../tf.ts'
import { isUnpadded, operatorAttributes, type ConvolutionGeometry } from './convolution-geometry.ts'
import { depthwiseInputGradient } from './depthwise-input-gradient.ts'
import { defineKernel, type Inputs } from './kernel.ts'
import { affine } from './affine.ts'

export type { ConvolutionGeometry } from './convolution-geometry.ts'

const convolution = defineConvolution('GauntletConvolution', 'Conv2D', 'Conv2DBackpropFilter', (x, filter, gradient, geometry) =>
  gradientOf('Conv2DBackpropInput', geometry, shapeOf(x), filter, gradient),
)
const depthwise = defineConvolution(
  'GauntletDepthwiseConvolution',
  'DepthwiseConv2dNative',
  'DepthwiseConv2dNativeBackpropFilter',
  (x, filter, gradient, geometry) =>
    depthwiseInputGradient(x.shape, filter, gradient, geometry) ??
    gradientOf('DepthwiseConv2dNativeBackpropInput', geometry, shapeOf(x), filter, gradient),
)

/**
 * Convolution with zeros on each side given by number, as PyTorch has it: `SAME` of TensorFlow pads strided convolutions unevenly, and tfjs's
 * own operator would need a separate copy for the padding. x: [batch, height, width, in]; filter: [kernel, kernel, in, out].
 */
export function convolve(x: Tensor4D, filter: Tensor4D, geometry: ConvolutionGeometry): Tensor4D {
  const [height, width] = filter.shape
  if (height === 1 && width === 1 && geometry.stride === 1 && isUnpadded(geometry)) return affine(x, filter)
  return convolution({ x, filter }, geometry)[0] as Tensor4D
}

/** Depthwise convolution. x: [batch, height, width, channels]; filter: [kernel, kernel, channels, 1]. */
export function convolveDepthwise(x: Tensor4D, filter: Tensor4D, geometry: ConvolutionGeometry): Tensor4D {
  return depthwise({ x, filter }, geometry)[0] as Tensor4D
}

function defineConvolution(
  name: string,
  forward: string,
  ofFilter: string,
  gradientOfInput: (x: Tensor, filter: Tensor, gradient: Tensor, geometry: ConvolutionGeometry) => Tensor,
) {
  return defineKernel<'x' | 'filter', ConvolutionGeometry>({
    name,
    forward: ({ x, filter }: Inputs<'x' | 'filter'>, geometry) => runOperator(forward, operatorAttributes(geometry), [x, filter]),
    savedInputs: ['x', 'filter'],
    gradient: (gradient, [x, filter], geometry) => ({
      x: () => gradientOfInput(x!, filter!, gradient, geometry),
      filter: () => gradientOf(ofFilter, geometry, x!, shapeOf(filter!), gradient),
    }),
  })
}

function gradientOf(operator: string, geometry: ConvolutionGeometry, ...inputs: Tensor[]): Tensor {
  return runOperator(operator, operatorAttributes(geometry), inputs)[0]!
}

function shapeOf(tensor: Tensor): Tensor {
  return tf.tensor1d(tensor.shape, 'int32')
}
