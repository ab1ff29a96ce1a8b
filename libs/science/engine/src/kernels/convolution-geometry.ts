import type { OperatorAttribute } from '../operator.ts'
import type { Tensor } from '../tf.ts'
import { padWithZeros } from './primitives.ts'

/** Strides and zeros added around the image before a convolution, in pixels. */
export interface ConvolutionGeometry {
  readonly stride: number
  readonly padding: { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number }
}

/** Whether the image is convolved as it is. */
export function isUnpadded({ padding: { top, bottom, left, right } }: ConvolutionGeometry): boolean {
  return top + bottom + left + right === 0
}

/** The same without padding, for an image that has it: see `zeroPadded`. */
export function unpadded({ stride }: Pick<ConvolutionGeometry, 'stride'>): ConvolutionGeometry {
  return { stride, padding: { top: 0, bottom: 0, left: 0, right: 0 } }
}

/** The image with the geometry's zeros around it. x: [batch, height, width, channels]. */
export function zeroPadded(x: Tensor, geometry: ConvolutionGeometry): Tensor {
  const { top, bottom, left, right } = geometry.padding
  return isUnpadded(geometry) ? x : padWithZeros(x, [[0, 0], [top, bottom], [left, right], [0, 0]]) // prettier-ignore
}

/** The attributes that TensorFlow's convolutions and their gradients share. */
export function operatorAttributes(geometry: ConvolutionGeometry): Record<string, OperatorAttribute> {
  const { stride, padding } = geometry
  const sides = [padding.top, padding.bottom, padding.left, padding.right]
  return {
    T: { type: 'float32' },
    strides: { integers: [1, stride, stride, 1] },
    padding: isUnpadded(geometry) ? 'VALID' : 'EXPLICIT',
    data_format: 'NHWC',
    dilations: { integers: [1, 1, 1, 1] },
    ...(isUnpadded(geometry) ? {} : { explicit_paddings: { integers: [0, 0, ...sides, 0, 0] } }),
  }
}

/**
 * The attributes of a depthwise convolution. Where the zeros are those of TensorFlow's `SAME`, they are told so: see
 * `needsExplicitPadding`.
 */
export function depthwiseAttributes(geometry: ConvolutionGeometry, filter: Tensor): Record<string, OperatorAttribute> {
  if (isUnpadded(geometry) || needsExplicitPadding(geometry, filter)) return operatorAttributes(geometry)
  const { explicit_paddings: _, ...attributes } = operatorAttributes(geometry)
  return { ...attributes, padding: 'SAME' }
}

/**
 * Whether a convolution's padding can be told to TensorFlow in numbers alone. A depthwise convolution with a bias must
 * not: the operator that does both has no place for them, and TensorFlow's graph rewriter (remapper.cc, 2.21) takes it
 * nevertheless, and ends the process.
 */
export function needsExplicitPadding(
  { stride, padding: { top, bottom, left, right } }: ConvolutionGeometry,
  filter: Tensor,
): boolean {
  const [height, width] = filter.shape as [number, number]
  const isSame = (before: number, after: number, kernel: number) =>
    before + after === kernel - 1 && before === Math.floor((kernel - 1) / 2)
  return stride > 1 || !isSame(top, bottom, height) || !isSame(left, right, width)
}
