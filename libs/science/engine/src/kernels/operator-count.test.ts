import { expect, it } from 'vitest'
import { recordedOperators } from '../testing/recorded-operators.ts'
import { tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '../tf.ts'
import * as activations from './activation.ts'
import { affine } from './affine.ts'
import { scaledDotProductAttention } from './attention.ts'
import { normaliseBatch, normaliseByStatistics } from './batch-normalisation.ts'
import { convolve, convolveDepthwise } from './convolution.ts'
import { normaliseLayer } from './layer-normalisation.ts'
import { poolAverage, poolGlobally, poolMaximum } from './pooling.ts'
import { resizeBilinearly } from './resizing.ts'
import { softmaxCrossEntropy } from './softmax-cross-entropy.ts'

const image = [2, 4, 4, 6]
const padding = { top: 1, bottom: 1, left: 1, right: 1 }
const geometry = { stride: 1, padding }
const labels = tf.tensor1d([0, 1], 'int32')

/**
 * [layer, function, shapes of its inputs, operators forward, operators backward for the first input, operators backward
 * for all inputs]. Reshapes copy nothing and are not counted. Some activations compute their derivative on the way
 * forward, which a program without a gradient leaves out. A softmax is five operators here and one in a program.
 */
const layers: [string, (...inputs: never[]) => Tensor, number[][], number, number, number][] = [
  ['affine', affine, [[2, 4, 6], [6, 3], [3]], 2, 1, 3], // prettier-ignore
  ['layer norm', (x: Tensor, w: Tensor1D, b: Tensor1D) => normaliseLayer(x, w, b, 1e-6), [[2, 4, 6], [6], [6]], 9, 9, 11], // prettier-ignore
  [
    'attention',
    (q: Tensor4D, k: Tensor4D, v: Tensor4D) => scaledDotProductAttention(q, k, v, 0.5),
    Array(3).fill([2, 3, 4, 5]),
    8,
    7,
    9,
  ],
  ['relu', activations.relu, [image], 1, 1, 1],
  ['relu6', activations.relu6, [image], 1, 1, 1],
  ['sigmoid', activations.sigmoid, [image], 1, 1, 1],
  ['silu', activations.silu, [image], 4, 1, 1],
  ['quickGelu', activations.quickGelu, [image], 5, 1, 1],
  ['gelu', activations.gelu, [image], 11, 1, 1],
  ['hardSigmoid', activations.hardSigmoid, [image], 3, 2, 2],
  ['hardSwish', activations.hardSwish, [image], 7, 1, 1],
  ['softmax', activations.softmax, [image], 5, 4, 4],
  ['cross-entropy', (logits: Tensor2D) => softmaxCrossEntropy(logits, labels), [[2, 5]], 1, 1, 1],
  ['max pooling', (x: Tensor4D) => poolMaximum(x, { kernel: 3, stride: 2, padding: 1 }), [image], 1, 3, 3],
  ['average pooling', (x: Tensor4D) => poolAverage(x, { kernel: 2, stride: 2 }), [image], 1, 1, 1],
  ['global average pooling', poolGlobally, [image], 1, 2, 2],
  ['resizing', (x: Tensor4D) => resizeBilinearly(x, 8, 8), [image], 1, 1, 1],
  [
    'convolution',
    (x: Tensor4D, w: Tensor4D, b: Tensor1D) => convolve(x, w, geometry, b),
    [image, [3, 3, 6, 5], [5]],
    2,
    3,
    24,
  ],
  ['grouped convolution', (x: Tensor4D, w: Tensor4D) => convolve(x, w, geometry), [image, [3, 3, 3, 6]], 1, 3, 8],
  [
    'depthwise convolution',
    (x: Tensor4D, w: Tensor4D) => convolveDepthwise(x, w, geometry),
    [image, [3, 3, 6, 1]],
    1,
    2,
    3,
  ],
  [
    'batch norm of a batch',
    (x: Tensor4D, w: Tensor1D, b: Tensor1D) => normaliseBatch(x, w, b, 1e-5).y,
    [image, [6], [6]],
    1,
    1,
    1,
  ],
  [
    'batch norm by statistics',
    (x: Tensor4D, w: Tensor1D, b: Tensor1D, mean: Tensor1D, variance: Tensor1D) =>
      normaliseByStatistics(x, w, b, mean, variance, 1e-5),
    [image, [6], [6], [6], [6]],
    1,
    4,
    9,
  ],
]

it.each(layers)(
  '%s takes no more operators than it needs',
  (_, layer, shapes, forward, backwardOfFirst, backwardOfAll) => {
    const run = layer as (...inputs: Tensor[]) => Tensor
    const inputs = shapes.map((shape) => tf.ones(shape))
    const weights = tf.tidy(() => tf.onesLike(run(...inputs)))
    const count = (body: () => void) =>
      recordedOperators(() => tf.tidy(body)).filter((name) => name !== 'Reshape').length
    const [first, ...others] = inputs
    const learned = layer.length === 5 ? 3 : inputs.length // statistics are not learned
    const actual = [
      count(() => run(...inputs)),
      count(() => tf.grad((x) => run(x, ...others))(first!, weights)) - forward,
      count(() => tf.grads((...some) => run(...some, ...inputs.slice(learned)))(inputs.slice(0, learned), weights)) -
        forward,
    ]
    expect(actual).toEqual([forward, backwardOfFirst, backwardOfAll])
  },
)
