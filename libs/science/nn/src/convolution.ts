import { convolve, convolveDepthwise, type ConvolutionGeometry, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import { noteConvolution } from './folding.ts'
import type { Parameters } from './parameters.ts'

/** A convolution's weight does not fit the channels of its input. A retry does not help. */
export class ChannelsMismatch extends Error {
  override readonly name = 'ChannelsMismatch'
}

export interface DepthwiseOptions {
  readonly stride?: number
  /**
   * The zeros on each side, as in PyTorch; or `same`, TensorFlow's rule, which adds an odd zero at the bottom and right
   * (timm's `tf_` models).
   */
  readonly padding: number | 'same' | ConvolutionGeometry['padding']
}

export interface ConvolutionOptions extends DepthwiseOptions {
  /** The number of groups of channels that are convolved apart. It divides the channels in and out. */
  readonly groups?: number
}

/**
 * `torch.nn.Conv2d`. x: [batch, height, width, in]; `weight` [height, width, in / groups, out]; `bias` [out], which may
 * be absent.
 */
export function conv2d(x: Tensor4D, parameters: Parameters, options: ConvolutionOptions): Tensor4D {
  const weight = parameters.tensor<Tensor4D>('weight')
  const { groups = 1 } = options
  if (weight.shape[2] * groups !== x.shape[3]) {
    throw new ChannelsMismatch(
      `${parameters.fullName('weight')} takes ${weight.shape[2]} channels in each of ${groups} groups, and was given ${x.shape[3]} in all.`,
    )
  }
  const y = convolve(x, weight, geometry(x, weight, options), biasOf(parameters))
  noteConvolution(y, parameters, 3)
  return y
}

/**
 * `torch.nn.Conv2d` with one kernel per channel. x: [batch, height, width, channels]; `weight` [height, width,
 * channels, 1]; `bias` [channels], which may be absent.
 */
export function depthwiseConv2d(x: Tensor4D, parameters: Parameters, options: DepthwiseOptions): Tensor4D {
  const weight = parameters.tensor<Tensor4D>('weight')
  const y = convolveDepthwise(x, weight, geometry(x, weight, options), biasOf(parameters))
  noteConvolution(y, parameters, 2)
  return y
}

function biasOf(parameters: Parameters): Tensor1D | undefined {
  return parameters.has('bias') ? parameters.tensor<Tensor1D>('bias') : undefined
}

function geometry(x: Tensor4D, weight: Tensor4D, { stride = 1, padding }: DepthwiseOptions): ConvolutionGeometry {
  if (typeof padding === 'object') return { stride, padding }
  const [, height, width] = x.shape
  const [top, bottom] = paddingOf(height, weight.shape[0], stride, padding)
  const [left, right] = paddingOf(width, weight.shape[1], stride, padding)
  return { stride, padding: { top, bottom, left, right } }
}

/**
 * The zeros before and after one axis. `same` gives ceil(size / stride) outputs (tensorflow.org, "Notes on padding").
 */
function paddingOf(size: number, kernel: number, stride: number, padding: number | 'same'): [number, number] {
  if (padding !== 'same') return [padding, padding]
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + kernel - size, 0)
  return [Math.floor(total / 2), Math.ceil(total / 2)]
}
