import { useCpuPlugin } from '../cpu-plugin.fixture.ts'
import { expect, it } from 'vitest'
import { gelu, hardSwish, relu6, silu, softmax } from '../kernels/activation.ts'
import { affine } from '../kernels/affine.ts'
import { scaledDotProductAttention } from '../kernels/attention.ts'
import { normaliseBatch } from '../kernels/batch-normalisation.ts'
import { convolve, convolveDepthwise } from '../kernels/convolution.ts'
import { normaliseLayer } from '../kernels/layer-normalisation.ts'
import { poolAverage, poolGlobally, poolMaximum } from '../kernels/pooling.ts'
import { resizeBilinearly } from '../kernels/resizing.ts'
import { softmaxCrossEntropy } from '../kernels/softmax-cross-entropy.ts'
import { ProgramBuilder } from '../programs/program-builder.ts'
import { uniform } from '../random.ts'
import { tf, type Tensor } from '../tf.ts'

useCpuPlugin()

const draw = (purpose: string, shape: readonly number[]) => {
  const count = shape.reduce((product, size) => product * size, 1)
  return tf.tensor(uniform({ seed: 2, purpose }, count).map((u) => 2 * u - 1), [...shape]) // prettier-ignore
}

const image = [4, 9, 9, 6]
const padding = { top: 1, bottom: 1, left: 1, right: 1 }
const uneven = { top: 0, bottom: 1, left: 0, right: 1 }
const labels = tf.tensor1d([0, 1, 2, 0], 'int32')

type Layer = (...inputs: never[]) => Tensor

/**
 * Layers, with the shapes of their inputs. Their gradients are recorded for XLA by other operators than eager code runs
 * (`isRecordedForXla`).
 */
const layers: [string, Layer, number[][]][] = [
  ['affine', affine as Layer, [[2, 4, 6], [6, 3], [3]]], // prettier-ignore
  ['layer norm', (x, w, b) => normaliseLayer(x, w, b, 1e-6), [[2, 4, 6], [6], [6]]],
  ['batch norm', (x, w, b) => normaliseBatch(x, w, b, 1e-5).y, [image, [6], [6]]],
  ['attention', (q, k, v) => scaledDotProductAttention(q, k, v, 0.5), [image, image, image]],
  ['activations', (x) => gelu(silu(hardSwish(relu6(softmax(x))))), [image]],
  ['cross-entropy', (x) => softmaxCrossEntropy(x, labels), [[4, 5]]],
  ['average pooling', (x) => poolAverage(x, { kernel: 3, stride: 3 }), [image]],
  ['maximum pooling', (x) => poolMaximum(x, { kernel: 3, stride: 2, padding: 1 }), [image]],
  ['global pooling', poolGlobally as Layer, [image]],
  ['resizing', (x) => resizeBilinearly(x, 12, 5), [image]],
  ['convolution', (x, w, b) => convolve(x, w, { stride: 1, padding }, b), [image, [3, 3, 6, 5], [5]]],
  ['strided convolution', (x, w) => convolve(x, w, { stride: 2, padding: uneven }), [image, [3, 3, 6, 8]]],
  ['grouped convolution', (x, w) => convolve(x, w, { stride: 2, padding }), [image, [3, 3, 2, 9]]],
  ['pointwise convolution', (x, w) => convolve(x, w, { stride: 2, padding: { ...padding, top: 0, bottom: 0, left: 0, right: 0 } }), [image, [1, 1, 6, 8]]], // prettier-ignore
  ['depthwise convolution', (x, w, b) => convolveDepthwise(x, w, { stride: 1, padding: { top: 2, bottom: 2, left: 2, right: 2 } }, b), [image, [5, 5, 6, 1], [6]]], // prettier-ignore
  ['strided depthwise convolution', (x, w) => convolveDepthwise(x, w, { stride: 2, padding: uneven }), [image, [3, 3, 6, 1]]], // prettier-ignore
]

it.each(layers)('XLA gives of a layer and its gradients what eager code gives: %s', (_, layer, shapes) => {
  const inputs = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, draw(`x${i}`, shape)]))
  const builder = new ProgramBuilder({})
  builder.capture(
    'layer',
    (given) => {
      const run = layer as (...tensors: Tensor[]) => Tensor
      const loss = (...tensors: Tensor[]) => run(...tensors).square().sum() // prettier-ignore
      const { value, grads } = tf.valueAndGrads(loss as never)(Object.values(given))
      return { outputs: { value: value as Tensor, grads } }
    },
    inputs,
  )
  const session = builder.finish() // compares with eager code
  expect(session.agreements.get('layer')!.deviation).toBeLessThan(5e-5)
  session.dispose()
})
