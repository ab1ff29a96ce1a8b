import { tf, uniform, type Tensor, type Tensor4D } from '@gauntlet/engine'
import { expect, it } from 'vitest'
import { relu } from './activations.ts'
import { batchNorm, FoldedInTraining } from './batch-norm.ts'
import { conv2d, depthwiseConv2d } from './convolution.ts'
import { foldablePairs, foldBatchNorms } from './folding.ts'
import { evaluationMode, type ForwardContext } from './forward-context.ts'
import { Parameters } from './parameters.ts'

const draw = (name: string, shape: number[], from = -1) => {
  const count = shape.reduce((a, b) => a * b, 1)
  return [name, tf.tensor(uniform({ seed: 1, purpose: name }, count).map((u) => from + (1 - from) * u), shape)] as const // prettier-ignore
}
const norm = (name: string) => [
  draw(`${name}.weight`, [6]),
  draw(`${name}.bias`, [6]),
  draw(`${name}.running_mean`, [6]),
  draw(`${name}.running_var`, [6], 0.1),
]
const parameters = Parameters.of([
  draw('conv1.weight', [3, 3, 3, 6]),
  draw('conv1.bias', [6]),
  ...norm('bn1'),
  draw('conv2.weight', [3, 3, 6, 1]),
  ...norm('bn2'),
  draw('conv3.weight', [3, 3, 2, 6]),
  ...norm('bn3'),
  ...norm('bn4'),
])
const images = draw('images', [2, 6, 6, 3])[1] as Tensor4D

/**
 * A dense, a depthwise and a grouped convolution, each with a batch norm, and a norm after an activation, which cannot
 * be folded.
 */
function model(x: Tensor4D, at: Parameters, context: ForwardContext = evaluationMode): Tensor {
  const epsilon = 0.01
  const first = relu(batchNorm(conv2d(x, at.at('conv1'), { padding: 1 }), at.at('bn1'), context, { epsilon }))
  const second = batchNorm(depthwiseConv2d(first, at.at('conv2'), { stride: 2, padding: 1 }), at.at('bn2'), context, {
    epsilon,
  })
  const third = batchNorm(conv2d(second, at.at('conv3'), { padding: 1, groups: 3 }), at.at('bn3'), context, { epsilon })
  return batchNorm(relu(third), at.at('bn4'), context, { epsilon })
}

const pairs = foldablePairs((image) => model(image, parameters), images)
const folded = foldBatchNorms(parameters, pairs)

it('finds the convolutions that a batch norm follows directly', () => {
  expect(pairs.map(({ convolution, norm: name, outputAxis }) => [convolution, name, outputAxis])).toEqual([
    ['conv1', 'bn1', 3],
    ['conv2', 'bn2', 2],
    ['conv3', 'bn3', 3],
  ])
})

it('leaves out modules that run twice', () => {
  expect(foldablePairs((image) => model(image, parameters).add(model(image, parameters)), images)).toEqual([])
})

it.each<[string, (x: Tensor4D) => Tensor]>([
  [
    'a convolution of which only one of two runs has a norm',
    (x) => normedBy('bn1', convolved(x)).add(relu(convolved(x))),
  ],
  ['a norm that also runs after an activation', (x) => normedBy('bn1', convolved(x)).add(normedBy('bn1', relu(draw('more', [1, 6, 6, 6])[1] as Tensor4D)))], // prettier-ignore
  ['a norm of two convolutions', (x) => normedBy('bn1', convolved(x)).add(normedBy('bn1', grouped(convolved(x))))],
])('leaves out %s', (_, layers) => {
  expect(foldablePairs(layers, images)).toEqual([])
})

const normedBy = (name: string, y: Tensor4D) => batchNorm(y, parameters.at(name), evaluationMode)
const convolved = (x: Tensor4D) => conv2d(x, parameters.at('conv1'), { padding: 1 })
const grouped = (x: Tensor4D) => conv2d(x, parameters.at('conv3'), { padding: 1, groups: 3 })

it('leaves out convolutions whose output anything else reads, also reshaped, or the caller', () => {
  const found = (layers: (y: Tensor4D) => Tensor) =>
    foldablePairs((image) => layers(conv2d(image, parameters.at('conv1'), { padding: 1 })), images)
  const normed = (y: Tensor4D) => batchNorm(y, parameters.at('bn1'), evaluationMode)
  expect(found(normed)).toHaveLength(1)
  expect(found((y) => normed(y).add(y))).toEqual([])
  expect(
    found((y) =>
      normed(y)
        .sum()
        .add(y.reshape([-1]).max()),
    ),
  ).toEqual([])
  expect(found((y) => (normed(y), y))).toEqual([])
})

it('gives the same output and the same gradient of the images, in fewer operators', () => {
  const gradientOf = (at: Parameters) =>
    tf.grad((x) =>
      model(x as Tensor4D, at)
        .square()
        .sum(),
    )(images)
  for (const run of [(at: Parameters) => model(images, at), gradientOf]) {
    const [expected, actual] = [run(parameters), run(folded)]
    const largest = expected.abs().max().dataSync()[0]!
    expect(actual.sub(expected).abs().max().dataSync()[0]! / largest).toBeLessThan(1e-5)
  }
  expect(folded.has('bn1.running_mean')).toBe(false)
  expect(folded.has('bn4.running_mean')).toBe(true)
})

it('is kept where the parameters are listed and named again, as programs do', () => {
  const again = Parameters.of([...folded.entries()])
  expect([...model(images, again).dataSync()]).toEqual([...model(images, folded).dataSync()])
})

it('is refused in training, and the message names the norm', () => {
  expect(() => model(images, folded, { training: true })).toThrow(FoldedInTraining)
  expect(() => model(images, folded, { training: true })).toThrow('bn1')
})
