import type { NamedArray } from '@gauntlet/weights'
import { expect, it, test } from 'vitest'
import { backboneFor } from '../registry.ts'

const backbone = backboneFor('efficientnet_lite0.ra_in1k')

it('has the 296 tensors and 4,652,008 parameters of timm', () => {
  const specifications = backbone.specifications(1000)
  expect(specifications).toHaveLength(296)
  const learned = specifications.filter(({ trainable }) => trainable)
  expect(learned.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(4_652_008)
})

test.each([
  ['_conv_stem.weight', 'conv_stem.weight'],
  ['_bn0.running_mean', 'bn1.running_mean'],
  ['_blocks.0._depthwise_conv.weight', 'blocks.0.0.conv_dw.weight'],
  ['_blocks.0._bn1.weight', 'blocks.0.0.bn1.weight'],
  ['_blocks.0._project_conv.weight', 'blocks.0.0.conv_pw.weight'],
  ['_blocks.0._bn2.bias', 'blocks.0.0.bn2.bias'],
  ['_blocks.2._expand_conv.weight', 'blocks.1.1.conv_pw.weight'],
  ['_blocks.2._bn0.num_batches_tracked', 'blocks.1.1.bn1.num_batches_tracked'],
  ['_blocks.15._project_conv.weight', 'blocks.6.0.conv_pwl.weight'],
  ['_blocks.15._bn2.running_var', 'blocks.6.0.bn3.running_var'],
  ['_conv_head.weight', 'conv_head.weight'],
  ['_bn1.weight', 'bn2.weight'],
  ['_fc.bias', 'classifier.bias'],
])('renames %s of efficientnet-pytorch to %s', (theirs, ours) => {
  expect(converted(theirs)).toBe(ours)
})

test.each([
  '_blocks.16._bn1.weight',
  '_blocks.0._expand_conv.weight',
  '_blocks.1._other_conv.weight',
  '_dropout.p',
  'blocks.0.0.bn1.weight',
])('leaves %s to strict loading', (name) => {
  expect(converted(name)).toBe(name)
})

function converted(name: string): string {
  const array: NamedArray = { name, dtype: 'float32', shape: [0], data: new Float32Array() }
  return backbone.convertCheckpoint([array])[0]!.name
}
