import fc from 'fast-check'
import { expect, it } from 'vitest'
import { uniform } from '../random.ts'
import { convolutionByDefinition, outputShape, type ConvolutionCase } from '../testing/convolution-by-definition.ts'
import { tf, type Tensor4D } from '../tf.ts'
import { convolvePatches } from './patch-convolution.ts'

const count = fc.integer({ min: 1, max: 4 })

it('computes what the definition says of a convolution whose stride is its kernel, and both gradients', () => {
  fc.assert(
    fc.property(
      count,
      count,
      count,
      count,
      count,
      count,
      fc.nat(),
      (batch, rows, columns, patch, input, output, seed) => {
        const given: ConvolutionCase = {
          xShape: [batch, rows * patch, columns * patch, input],
          filterShape: [patch, patch, input, output],
          geometry: { stride: patch, padding: { top: 0, bottom: 0, left: 0, right: 0 } },
          depthwise: false,
        }
        const shapes = [given.xShape, given.filterShape, outputShape(given)]
        const [x, filter, gradient] = shapes.map((shape, i) => {
          const values = uniform({ seed, purpose: String(i) }, shape.reduce((a, b) => a * b, 1)) // prettier-ignore
          return tf.tensor4d(values.map((u) => 2 * u - 1), [...shape]) // prettier-ignore
        }) as [Tensor4D, Tensor4D, Tensor4D]
        const [ofX, ofFilter] = tf.grads((...inputs) => convolvePatches(inputs[0] as Tensor4D, inputs[1] as Tensor4D))(
          [x, filter],
          gradient,
        )
        const expected = convolutionByDefinition(given, x.dataSync(), filter.dataSync(), gradient.dataSync())
        expectClose(convolvePatches(x, filter).dataSync(), expected.y)
        expectClose(ofX!.dataSync(), expected.ofX)
        expectClose(ofFilter!.dataSync(), expected.ofFilter)
      },
    ),
  )
})

function expectClose(actual: ArrayLike<number>, expected: Float64Array): void {
  expect(actual.length).toBe(expected.length)
  expected.forEach((value, i) => expect(Math.abs(actual[i]! - value)).toBeLessThan(1e-4))
}
