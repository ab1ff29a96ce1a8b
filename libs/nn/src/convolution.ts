import { convolve, convolveDepthwise, tf, type ConvolutionGeometry, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import type { Parameters } from './parameters.ts'

export interface DepthwiseOptions {
  readonly stride?: number
  /** Zeros on each side, as in PyTorch; or `same`, TensorFlow's rule, where an odd one goes to the bottom and right (timm's `tf_` models). */
  readonly padding: number | 'same' | ConvolutionGeometry['padding']
}

export interface ConvolutionOptions extends DepthwiseOptions {
  /** Groups of channels that do not mix; divides the channels in and out. */
  readonly groups?: number
}

/** `torch.nn.Conv2d`. x: [batch, height, width, in]; `weight` [height, width, in / groups, out], `bias` [out], which may be absent. */
export function conv2d(x: Tensor4D, parameters: Parameters, options: ConvolutionOptions): Tensor4D {
  const weight = parameters.tensor<Tensor4D>('weight')
  const at = geometry(x, weight, options)
  const { groups = 1 } = options
  if (groups === 1) return biased(convolve(x, weight, at), parameters)
  const weights = tf.split(weight, groups, 3)
  const parts = tf.split(x, groups, 3).map((part, i) => convolve(part as Tensor4D, weights[i] as Tensor4D, at))
  return biased(tf.concat(parts, 3), parameters)
}

/** One kernel per channel. x: [batch, height, width, channels]; `weight` [height, width, channels, 1], `bias` [channels], which may be absent. */
export function depthwiseConv2d(x: Tensor4D, parameters: Parameters, options: DepthwiseOptions): Tensor4D {
  const weight = parameters.tensor<Tensor4D>('weight')
  return biased(convolveDepthwise(x, weight, geometry(x, weight, options)), parameters)
}

function biased(x: Tensor4D, parameters: Parameters): Tensor4D {
  return parameters.has('bias') ? x.add(parameters.tensor<Tensor1D>('bias')) : x
}

function geometry(x: Tensor4D, weight: Tensor4D, { stride = 1, padding }: DepthwiseOptions): ConvolutionGeometry {
  if (typeof padding === 'object') return { stride, padding }
  const [, height, width] = x.shape
  const [top, bottom] = paddingOf(height, weight.shape[0], stride, padding)
  const [left, right] = paddingOf(width, weight.shape[1], stride, padding)
  return { stride, padding: { top, bottom, left, right } }
}

/** Zeros before and after one axis. `same` gives ceil(size / stride) outputs (tensorflow.org, "Notes on padding"). */
function paddingOf(size: number, kernel: number, stride: number, padding: number | 'same'): [number, number] {
  if (padding !== 'same') return [padding, padding]
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + kernel - size, 0)
  return [Math.floor(total / 2), Math.ceil(total / 2)]
}
