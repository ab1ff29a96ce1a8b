import { tf, uniform, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { evaluationMode } from '@gauntlet/nn'
import { hostRandomness } from '@gauntlet/nn/fixtures/host-randomness'
import { elementCount, toParameters, type NamedArray } from '@gauntlet/weights'
import { expect, it } from 'vitest'
import { backboneFor } from '../registry.ts'

const backbone = backboneFor('mobilevit-small')
const specifications = backbone.specifications(1000)

it('has the 347 tensors and 5,578,632 parameters of transformers', () => {
  expect(specifications).toHaveLength(347)
  const learned = specifications.filter(({ trainable }) => trainable)
  expect(learned.reduce((sum, { shape }) => sum + elementCount(shape), 0)).toBe(5_578_632)
})

it('natively expects pixels without normalisation, blue first', () => {
  expect(backbone.normalisation).toEqual({ mean: [0, 0, 0], deviation: [1, 1, 1], channelOrder: 'bgr' })
})

it('adds the prefix of the body to a checkpoint without a head', () => {
  const names = [
    'conv_stem.convolution.weight',
    'encoder.layer.0.x',
    'conv_1x1_exp.x',
    'classifier.bias',
    'mobilevit.conv_stem.x',
  ]
  const arrays = names.map((name): NamedArray => ({ name, dtype: 'float32', shape: [0], data: new Float32Array() }))
  expect(backbone.convertCheckpoint(arrays).map(({ name }) => name)).toEqual([
    ...names.slice(0, 3).map((name) => `mobilevit.${name}`),
    ...names.slice(3),
  ])
})

it('drops values in training by the random numbers of the pass, and none in evaluation', () => {
  const few = backbone.specifications(3)
  const parameters = toParameters(
    few.map(({ name, shape, kind }) => arrayOf(name, shape, kind === 'counter')),
    few,
  )
  const images: Tensor4D = tf.tensor4d(uniform({ seed: 1, purpose: 'images' }, 2 * 32 * 32 * 3), [2, 32, 32, 3])
  const values = (logits: Tensor2D) => [...logits.dataSync()]
  const trained = (step: number) =>
    values(
      backbone.logits(images, parameters, {
        training: true,
        randomness: hostRandomness({ seed: 1, purpose: 'dropout', step }),
      }),
    )
  expect(trained(1)).toEqual(trained(1))
  expect(trained(2)).not.toEqual(trained(1))
  expect(values(backbone.logits(images, parameters, evaluationMode))).toEqual(
    values(backbone.logits(images, parameters, evaluationMode)),
  )
  expect(() => backbone.logits(images, parameters, { training: true })).toThrow(
    expect.objectContaining({ name: 'MissingRandomness' }),
  )
})

function arrayOf(name: string, shape: readonly number[], counts: boolean): NamedArray {
  if (counts) return { name, shape, dtype: 'int64', data: BigInt64Array.of(0n) }
  const [centre, spread] = /norm.*weight|running_var/.test(name) ? [1, 0.5] : [0, 0.2]
  const data = new Float32Array(elementCount(shape)).map(
    (_, i) => centre + spread * Math.sin(i * 12.9898 + name.length),
  )
  return { name, shape, dtype: 'float32', data }
}
