import { pixelContracts } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'
import { expect, it, test } from 'vitest'
import { backboneFor } from '../registry.ts'

const backbone = backboneFor('efficientnet-b0')

it('has the 360 tensors and 5,288,548 parameters of transformers', () => {
  const specifications = backbone.specifications(1000)
  expect(specifications).toHaveLength(360)
  const learned = specifications.filter(({ trainable }) => trainable)
  expect(learned.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(5_288_548)
})

it("has ImageNet's normalisation, whose deviations are the squares of the hub's, by which it divides twice", () => {
  const roots = [0.47853944, 0.4732864, 0.47434163] // the hub's preprocessor
  roots.forEach((root, i) => expect(root ** 2).toBeCloseTo(pixelContracts.imageNet.deviation[i]!, 6))
  expect(backbone.normalisation).toEqual(pixelContracts.imageNet)
})

test.each([
  ['efficientnet.encoder.top_conv.weight', 'efficientnet.encoder.top_conv.weight'],
  ['encoder.blocks.3.expansion.expand_bn.bias', 'efficientnet.encoder.blocks.3.expansion.expand_bn.bias'],
  ['embeddings.convolution.weight', 'efficientnet.embeddings.convolution.weight'],
  ['hf_model.encoder.top_bn.weight', 'efficientnet.encoder.top_bn.weight'],
  ['hf_model.embeddings.batchnorm.bias', 'efficientnet.embeddings.batchnorm.bias'],
  ['head.weight', 'classifier.weight'],
  ['classifier.bias', 'classifier.bias'],
  ['mobilevit.encoder.weight', 'mobilevit.encoder.weight'],
])('renames %s to %s', (theirs, ours) => {
  const array: NamedArray = { name: theirs, dtype: 'float32', shape: [0], data: new Float32Array() }
  expect(backbone.convertCheckpoint([array])[0]!.name).toBe(ours)
})
