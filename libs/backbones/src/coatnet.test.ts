import { tf, type Tensor4D } from '@gauntlet/engine'
import { evaluationMode, Parameters } from '@gauntlet/nn'
import type { NamedArray } from '@gauntlet/weights'
import { expect, it, test } from 'vitest'
import { backboneFor } from './registry.ts'

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

it('tells the classes of what it was trained on apart', () => {
  expect(backbone.pretrainedClasses).toBe(1000)
  expect(backboneFor('coatnet_2_rw_224.sw_in12k').pretrainedClasses).toBe(11_821)
})

it('refuses images of another size before it reads a tensor, and says which it takes', () => {
  const images: Tensor4D = tf.zeros([1, 256, 256, 3])
  const compute = () => backbone.logits(images, Parameters.of([]), evaluationMode)
  expect(compute).toThrow(expect.objectContaining({ name: 'ResolutionUnsupported', message: expect.stringContaining('224') }))
})

it('takes linear layers for its 1×1 convolutions, and leaves other shapes for strict loading to judge', () => {
  const array = (name: string, shape: number[]): NamedArray => ({ name, dtype: 'float32', shape, data: new Float32Array() })
  const arrays = [
    array('stages.2.blocks.1.mlp.fc1.weight', [1536, 384]),
    array('stages.0.blocks.0.conv2_kxk.weight', [256, 1]),
    array('head.fc.weight', [1000, 768]),
  ]
  expect(backbone.adoptCheckpoint(arrays).map(({ shape }) => shape)).toEqual([
    [1536, 384, 1, 1],
    [256, 1],
    [1000, 768],
  ])
})
