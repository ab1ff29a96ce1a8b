import { runOperator, type OperatorAttribute } from '../operator.ts'
import type { Tensor, Tensor2D, Tensor4D } from '../tf.ts'
import { broadcast, integers, mean, multiply, padWith, reshape, slice } from './primitives.ts'
import { defineKernel } from './kernel.ts'

/** The side of a square window, its stride, and what is added on each side of the image, in pixels. */
export interface PoolingGeometry {
  readonly kernel: number
  readonly stride: number
  readonly padding: number
}

/** The least float32. As padding it is never the maximum of a window. */
const leastFloat = -(2 - 2 ** -23) * 2 ** 127

const maximum = defineKernel<'x', PoolingGeometry>({
  name: 'GauntletMaxPooling',
  forward: ({ x }, geometry) => runOperator('MaxPool', maximumAttributes(geometry), [x]),
  savedInputs: ['x'],
  savedOutputs: [true],
  gradient: (gradient, [x, y], geometry) => ({ x: () => maximumGradient(x!, y!, gradient, geometry) }),
})

/**
 * TensorFlow's operator takes ten times as long with its padding attribute as on an image that was padded before
 * (test/benchmarks/LOG.md).
 */
function maximumGradient(x: Tensor, y: Tensor, gradient: Tensor, { padding, ...window }: PoolingGeometry): Tensor {
  const attributes = maximumAttributes({ ...window, padding: 0 })
  if (padding === 0) return runOperator('MaxPoolGrad', attributes, [x, y, gradient])[0]!
  const padded = padWith(x, [[0, 0], [padding, padding], [padding, padding], [0, 0]], leastFloat) // prettier-ignore
  const ofPadded = runOperator('MaxPoolGrad', attributes, [padded, y, gradient])[0]!
  return slice(ofPadded, [0, padding, padding, 0], x.shape)
}

const average = defineKernel<'x', PoolingGeometry & { readonly shape: readonly number[] }>({
  name: 'GauntletAveragePooling',
  forward: ({ x }, geometry) => runOperator('AvgPool', windowAttributes(geometry), [x]),
  savedInputs: [],
  gradient: (gradient, _, { shape, ...geometry }) => ({
    x: () => runOperator('AvgPoolGrad', windowAttributes(geometry), [integers(shape), gradient])[0]!,
  }),
})

const global = defineKernel<'x', { readonly shape: readonly [number, number, number, number] }>({
  name: 'GauntletGlobalAveragePooling',
  forward: ({ x }) => [mean(x, [1, 2], false)],
  savedInputs: [],
  gradient: (gradient, _, { shape }) => {
    const [batch, height, width, channels] = shape
    const each = multiply(gradient, 1 / (height * width))
    return { x: () => broadcast(reshape(each, [batch, 1, 1, channels]), shape) }
  },
})

/**
 * The maximum of each window, among pixels of the image only. The gradient goes to the first of equal maxima. x:
 * [batch, height, width, channels].
 */
export function poolMaximum(x: Tensor4D, geometry: PoolingGeometry): Tensor4D {
  return maximum({ x }, geometry)[0] as Tensor4D
}

/** The mean of each window, without padding. x: [batch, height, width, channels]. */
export function poolAverage(x: Tensor4D, { kernel, stride }: Omit<PoolingGeometry, 'padding'>): Tensor4D {
  return average({ x }, { kernel, stride, padding: 0, shape: x.shape })[0] as Tensor4D
}

/** The mean over all positions. x: [batch, height, width, channels]; [batch, channels] out. */
export function poolGlobally(x: Tensor4D): Tensor2D {
  return global({ x }, { shape: x.shape })[0] as Tensor2D
}

function windowAttributes({ kernel, stride }: PoolingGeometry): Record<string, OperatorAttribute> {
  return {
    T: { type: 'float32' },
    ksize: { integers: [1, kernel, kernel, 1] },
    strides: { integers: [1, stride, stride, 1] },
    padding: 'VALID',
    data_format: 'NHWC',
  }
}

function maximumAttributes(geometry: PoolingGeometry): Record<string, OperatorAttribute> {
  const { padding } = geometry
  if (padding === 0) return { ...windowAttributes(geometry), explicit_paddings: { integers: [] } }
  const sides = [padding, padding, padding, padding]
  return { ...windowAttributes(geometry), padding: 'EXPLICIT', explicit_paddings: { integers: [0, 0, ...sides, 0, 0] } }
}
