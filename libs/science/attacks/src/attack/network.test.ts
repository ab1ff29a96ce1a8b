import { tf, uniform, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { batchNorm, conv2d, evaluationMode, Parameters } from '@gauntlet/nn'
import { expect, it } from 'vitest'
import { frozenNetwork } from './network.ts'

const drawn = (name: string, shape: number[]) => {
  const count = shape.reduce((a, b) => a * b, 1)
  const values = uniform({ seed: 1, purpose: name }, count).map((u) => u + 0.1)
  return [name, tf.tensor(values, shape)] as const
}
const parameters = Parameters.of([
  drawn('conv.weight', [3, 3, 3, 4]),
  ...['weight', 'bias', 'running_mean', 'running_var'].map((name) => drawn(`norm.${name}`, [4])),
])
const images = drawn('images', [2, 5, 5, 3])[1] as Tensor4D
const convolved = (x: Tensor4D, at: Parameters) => conv2d(x, at.at('conv'), { padding: 1 })
const normed = (x: Tensor4D, at: Parameters) => batchNorm(x, at.at('norm'), evaluationMode, { epsilon: 1e-5 })
const model = (x: Tensor4D, at: Parameters): Tensor2D => normed(convolved(x, at), at).mean([1, 2])

it('folds batch norms and gives the same logits', () => {
  const network = frozenNetwork(model, parameters, images)
  expect(network.isFolded).toBe(true)
  expect(Object.keys(network.parameters)).toEqual(['conv.weight'])
  const apart = tf.tidy(() =>
    network.logits(images, network.parameters).sub(model(images, parameters)).abs().max().dataSync(),
  )
  expect(apart[0]).toBeLessThan(1e-5)
})

it('folds nothing where something else uses the output of the convolution', () => {
  const reading = (x: Tensor4D, at: Parameters) => {
    const y = convolved(x, at)
    return normed(y, at).add<Tensor4D>(y).mean<Tensor2D>([1, 2])
  }
  const network = frozenNetwork(reading, parameters, images)
  expect(network.isFolded).toBe(false)
  expect(network.logits(images, network.parameters).arraySync()).toEqual(reading(images, parameters).arraySync())
})

it('leaves the parameters as they are and frees what it made', () => {
  const before = tf.memory().numTensors
  frozenNetwork(model, parameters, images).dispose()
  expect(tf.memory().numTensors).toBe(before)
  expect(parameters.tensor('norm.bias').isDisposed).toBe(false)
})
