import { runOperator, type OperatorAttribute } from '../operator.ts'
import type { Tensor4D } from '../tf.ts'
import { defineKernel } from './kernel.ts'
import { integers } from './primitives.ts'

const attributes: Record<string, OperatorAttribute> = {
  T: { type: 'float32' },
  align_corners: false,
  half_pixel_centers: true,
}

const kernel = defineKernel<'x', { readonly height: number; readonly width: number }>({
  name: 'GauntletBilinearResizing',
  forward: ({ x }, { height, width }) => runOperator('ResizeBilinear', attributes, [x, integers([height, width])]),
  savedInputs: ['x'], // only for its shape
  gradient: (gradient, [x]) => ({ x: () => runOperator('ResizeBilinearGrad', attributes, [gradient, x!])[0]! }),
})

/**
 * Bilinear resizing with pixel centres at half integers, without antialiasing. x: [batch, any height, any width,
 * channels].
 */
export function resizeBilinearly(x: Tensor4D, height: number, width: number): Tensor4D {
  return kernel({ x }, { height, width })[0] as Tensor4D
}
