import { tf, type Tensor4D } from '@gauntlet/engine'
import { evaluationMode, foldablePairs, Parameters } from '@gauntlet/nn'
import { toParameters, type NamedArray } from '@gauntlet/weights'
import { expect, it, test } from 'vitest'
import { backboneFor } from '../registry.ts'

const backbone = backboneFor('coatnet_0_rw_224.sw_in1k')

test.each([
  ['coatnet_0_rw_224.sw_in1k', 242, 27_435_562],
  ['coatnet_2_rw_224.sw_in12k_ft_in1k', 400, 73_868_400],
])('%s has the %d tensors and %d parameters of timm', (id, tensors, parameters) => {
  const specifications = backboneFor(id).specifications(1000)
  expect(specifications).toHaveLength(tensors)
  const learned = specifications.filter(({ trainable }) => trainable)
  expect(learned.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(parameters)
})

it('has as many pretrained classes as the data that it was trained on', () => {
  expect(backbone.pretrainedClasses).toBe(1000)
  expect(backboneFor('coatnet_2_rw_224.sw_in12k').pretrainedClasses).toBe(11_821)
})

it('refuses images of another size before it reads a tensor, and names its size', () => {
  const images: Tensor4D = tf.zeros([1, 256, 256, 3])
  const compute = () => backbone.logits(images, Parameters.of([]), evaluationMode)
  expect(compute).toThrow(expect.objectContaining({ name: 'InvalidInput', message: expect.stringContaining('224') }))
})

it('lets batch norms be folded into the convolutions before them, except where a shortcut reads the same input', () => {
  const parameters = toParameters(
    backbone.specifications(10).map(({ name, shape }) => zeros(name, shape)),
    backbone.specifications(10),
  )
  const pairs = foldablePairs((image) => backbone.logits(image, parameters, evaluationMode), tf.zeros([1, 224, 224, 3]))
  expect(pairs.map(({ convolution }) => convolution)).toEqual([
    'stem.conv1',
    ...['0.blocks.0', '0.blocks.1', '1.blocks.0', '1.blocks.1', '1.blocks.2'].map(
      (block) => `stages.${block}.conv1_1x1`,
    ),
  ])
})

it('converts linear layers to its 1×1 convolutions, and leaves other shapes to strict loading', () => {
  const array = (name: string, shape: number[]): NamedArray => ({
    name,
    dtype: 'float32',
    shape,
    data: new Float32Array(),
  })
  const arrays = [
    array('stages.2.blocks.1.mlp.fc1.weight', [1536, 384]),
    array('stages.0.blocks.0.conv2_kxk.weight', [256, 1]),
    array('head.fc.weight', [1000, 768]),
  ]
  expect(backbone.convertCheckpoint(arrays).map(({ shape }) => shape)).toEqual([
    [1536, 384, 1, 1],
    [256, 1],
    [1000, 768],
  ])
})

function zeros(name: string, shape: readonly number[]): NamedArray {
  const count = shape.reduce((product, size) => product * size, 1)
  if (name.endsWith('num_batches_tracked')) return { name, dtype: 'int64', shape, data: new BigInt64Array(count) }
  return { name, dtype: 'float32', shape, data: new Float32Array(count) }
}
