import type { NamedArray } from '@gauntlet/weights'
import { expect, it, test } from 'vitest'
import { backboneFor } from '../registry.ts'

const backbone = backboneFor('edgenext_small.usi_in1k')
const specifications = backbone.specifications(1000)

it('has the 214 tensors and 5,586,832 parameters of timm', () => {
  expect(specifications).toHaveLength(214)
  expect(specifications.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(5_586_832)
})

it('convolves all groups of channels but the last, which has the rest', () => {
  const widths = (block: string) =>
    specifications
      .filter(({ name }) => name.startsWith(`${block}.convs.`) && name.endsWith('weight'))
      .map(({ shape }) => shape[0])
  expect(widths('stages.1.blocks.2')).toEqual([48])
  expect(widths('stages.2.blocks.8')).toEqual([54, 54])
  expect(widths('stages.3.blocks.2')).toEqual([76, 76, 76])
})

test.each([
  ['downsample_layers.0.0.weight', 'stem.0.weight'],
  ['downsample_layers.2.1.bias', 'stages.2.downsample.1.bias'],
  ['stages.0.1.dwconv.weight', 'stages.0.blocks.1.conv_dw.weight'],
  ['stages.2.8.pwconv1.weight', 'stages.2.blocks.8.mlp.fc1.weight'],
  ['stages.1.2.xca.temperature', 'stages.1.blocks.2.xca.temperature'],
  ['stages.1.2.pos_embd.token_projection.bias', 'stages.1.blocks.2.pos_embd.token_projection.bias'],
  ['stages.1.2.norm.weight', 'stages.1.blocks.2.norm.weight'],
  ['norm.weight', 'head.norm.weight'],
  ['head.weight', 'head.fc.weight'],
])('renames %s of the authors to %s, which is one of its names', (theirs, ours) => {
  const array: NamedArray = { name: theirs, dtype: 'float32', shape: [0], data: new Float32Array() }
  expect(backbone.convertCheckpoint([array])[0]!.name).toBe(ours)
  expect(specifications.map(({ name }) => name)).toContain(ours)
})
