import type { OperatorAttribute } from '../operator.ts'
import type { Tensor } from '../tf.ts'
import { padWithZeros } from './primitives.ts'

/** The stride of a convolution, and the zeros that are added around the image before it, both in pixels. */
export interface ConvolutionGeometry {
  readonly stride: number
  readonly padding: { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number }
}

/** Whether nothing is added around the image. */
export function isUnpadded({ padding: { top, bottom, left, right } }: ConvolutionGeometry): boolean {
  return top + bottom + left + right === 0
}

/** The geometry without padding, for an image that was padded before (`zeroPadded`). */
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
 * The attributes of a depthwise convolution. Where the padding equals TensorFlow's `SAME`, it is given by that name and
 * not by numbers (`needsExplicitPadding`).
 */
export function depthwiseAttributes(
  geometry: ConvolutionGeometry,
  x: Tensor,
  filter: Tensor,
): Record<string, OperatorAttribute> {
  if (isUnpadded(geometry) || needsExplicitPadding(geometry, x, filter)) return operatorAttributes(geometry)
  const { explicit_paddings: _, ...attributes } = operatorAttributes(geometry)
  return { ...attributes, padding: 'SAME' }
}

/**
 * Whether TensorFlow needs a convolution's padding in numbers, because its `SAME` would pad otherwise. A depthwise
 * convolution with a bias must not get numbers: the fused operator has no attribute for them, but TensorFlow's graph
 * rewriter (remapper.cc, 2.21) fuses it nevertheless, and ends the process. x: [batch, height, width, channels].
 */
export function needsExplicitPadding(
  { stride, padding: { top, bottom, left, right } }: ConvolutionGeometry,
  x: Tensor,
  filter: Tensor,
): boolean {
  const [[, height, width], [kernelHeight, kernelWidth]] = [x.shape, filter.shape] as [number[], number[]]
  const isSame = (before: number, after: number, size: number, kernel: number) => {
    const zeros = Math.max((Math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return before === Math.floor(zeros / 2) && after === Math.ceil(zeros / 2)
  }
  return !isSame(top, bottom, height!, kernelHeight!) || !isSame(left, right, width!, kernelWidth!)
}
