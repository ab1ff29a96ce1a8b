import { pixelContracts } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'
import { expect, it, test } from 'vitest'
import { backboneFor } from '../registry.ts'

const tiny = 'eva02_tiny_patch14_224.mim_in22k'
const base = 'eva02_base_patch14_224.mim_in22k'

test.each([
  [tiny, 162, 5_502_144],
  [base, 234, 85_758_720],
])('%s has the %i tensors and %i parameters of timm without a head', (id, tensors, parameters) => {
  const specifications = backboneFor(id).specifications(0)
  expect(specifications).toHaveLength(tensors)
  expect(specifications.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(parameters)
})

it('has the normalisation of CLIP natively, and ImageNet’s as the authors fed it', () => {
  expect(backboneFor(tiny, 'native').normalisation).toEqual(pixelContracts.clip)
  expect(backboneFor(tiny, 'paper').normalisation).toEqual(pixelContracts.imageNet)
})

test.each([
  [tiny, 'norm.weight', 'fc_norm.weight'],
  [tiny, 'fc_norm.bias', 'fc_norm.bias'],
  [tiny, 'blocks.0.norm1.weight', 'blocks.0.norm1.weight'],
  [tiny, 'blocks.0.attn.q_bias', 'blocks.0.attn.q_bias'],
  [tiny, 'blocks.0.mlp.w12.weight', 'blocks.0.mlp.fc1.weight'],
  [tiny, 'blocks.0.mlp.w3.bias', 'blocks.0.mlp.fc2.bias'],
  [base, 'blocks.0.attn.q_bias', 'blocks.0.attn.q_proj.bias'],
  [base, 'blocks.0.attn.v_bias', 'blocks.0.attn.v_proj.bias'],
  [base, 'blocks.0.mlp.w1.weight', 'blocks.0.mlp.fc1_g.weight'],
  [base, 'blocks.0.mlp.w2.bias', 'blocks.0.mlp.fc1_x.bias'],
  [base, 'blocks.0.mlp.ffn_ln.weight', 'blocks.0.mlp.norm.weight'],
  [base, 'blocks.0.mlp.norm.weight', 'blocks.0.mlp.norm.weight'],
])('%s: renames %s of the published file to %s', (id, theirs, ours) => {
  expect(converted(id, [theirs])).toEqual([ours])
})

it('drops tensors that only masked image modelling needs, and rotations, which are computed', () => {
  const theirs = [
    'mask_token',
    'lm_head.weight',
    'lm_head.bias',
    'rope.freqs_cos',
    'blocks.3.attn.rope.freqs_sin',
    'cls_token',
  ]
  expect(converted(tiny, theirs)).toEqual(['cls_token'])
})

function converted(id: string, names: readonly string[]): string[] {
  const arrays = names.map((name): NamedArray => ({ name, dtype: 'float32', shape: [0], data: new Float32Array() }))
  return backboneFor(id)
    .convertCheckpoint(arrays)
    .map(({ name }) => name)
}
