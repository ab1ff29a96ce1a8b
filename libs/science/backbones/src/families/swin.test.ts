import type { NamedArray } from '@gauntlet/weights'
import { expect, it, test } from 'vitest'
import { backboneFor } from '../registry.ts'

const tiny = backboneFor('swin_tiny_patch4_window7_224.ms_in1k')

test.each([
  ['swin_tiny_patch4_window7_224.ms_in1k', 173, 28_288_354],
  ['swin_base_patch4_window7_224.ms_in22k_ft_in1k', 329, 87_768_224],
])('%s has the %i tensors and %i parameters of timm with 1000 classes', (id, tensors, parameters) => {
  const specifications = backboneFor(id).specifications(1000)
  expect(specifications).toHaveLength(tensors)
  expect(specifications.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(parameters)
})

it('renames the patch merging of an old file from the end of a stage to the beginning of the next, and its head', () => {
  const theirs = [
    'layers.0.downsample.reduction.weight',
    'layers.2.downsample.norm.bias',
    'layers.2.blocks.0.norm1.bias',
    'head.bias',
  ]
  const ours = [
    'layers.1.downsample.reduction.weight',
    'layers.3.downsample.norm.bias',
    'layers.2.blocks.0.norm1.bias',
    'head.fc.bias',
  ]
  expect(converted(theirs)).toEqual(ours)
})

it('leaves a file of the present timm as it is', () => {
  const names = ['layers.1.downsample.reduction.weight', 'head.fc.weight', 'norm.weight']
  expect(converted(names)).toEqual(names)
})

it('drops tables that are computed', () => {
  const theirs = ['layers.0.blocks.1.attn_mask', 'layers.0.blocks.0.attn.relative_position_index', 'norm.weight']
  expect(converted(theirs)).toEqual(['norm.weight'])
})

function converted(names: readonly string[]): string[] {
  const arrays = names.map((name): NamedArray => ({ name, dtype: 'float32', shape: [0], data: new Float32Array() }))
  return tiny.convertCheckpoint(arrays).map(({ name }) => name)
}
