import { tf } from '@gauntlet/engine'
import { evaluationMode, Parameters } from '@gauntlet/nn'
import { pixelContracts } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'
import { expect, it, test } from 'vitest'
import { backboneFor } from '../registry.ts'

test.each([
  ['deit_tiny_patch16_224.fb_in1k', 152, 5_717_416],
  ['vit_small_patch16_224.augreg_in1k', 152, 22_050_664],
  ['vit_base_patch16_224.mae', 152, 86_567_656],
  ['vit_base_patch16_clip_224.laion2b_ft_in1k', 153, 86_568_424],
])('%s has the %i tensors and %i parameters of timm with 1000 classes', (id, tensors, parameters) => {
  const specifications = backboneFor(id).specifications(1000)
  expect(specifications).toHaveLength(tensors)
  expect(specifications.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(parameters)
})

test.each([
  ['vit_small_patch16_224.augreg_in21k', 21_843, pixelContracts.inception, pixelContracts.imageNet],
  ['vit_small_patch16_224.dino', 0, pixelContracts.imageNet, pixelContracts.imageNet],
  ['vit_base_patch16_224.mae', 0, pixelContracts.imageNet, pixelContracts.imageNet],
  ['vit_base_patch16_clip_224.laion2b', 512, pixelContracts.clip, pixelContracts.clip],
  ['deit_tiny_patch16_224.fb_in1k', 1000, pixelContracts.imageNet, pixelContracts.imageNet],
  ['robust_deit_small_patch16_224', 1000, pixelContracts.imageNet, pixelContracts.imageNet],
  ['robust_vit_base_patch16_224', 1000, pixelContracts.plain, pixelContracts.imageNet],
])(
  '%s was published with %i classes, and has the normalisation of its checkpoint or of the authors',
  (id, classes, native, paper) => {
    expect(backboneFor(id).pretrainedClasses).toBe(classes)
    expect(backboneFor(id, 'native').normalisation).toEqual(native)
    expect(backboneFor(id, 'paper').normalisation).toEqual(paper)
  },
)

it('has no head where none was published, and one for new classes', () => {
  const dino = backboneFor('vit_small_patch16_224.dino')
  const names = (classes: number) => dino.specifications(classes).map(({ name }) => name)
  expect(names(0)).toEqual(names(10).filter((name) => !name.startsWith('head.')))
})

it('refuses images of another size, and names the size to set', () => {
  const deit = backboneFor('deit_tiny_patch16_224.fb_in1k')
  expect(() => deit.logits(tf.zeros([1, 96, 96, 3]), Parameters.of([]), evaluationMode)).toThrow(
    expect.objectContaining({ name: 'InvalidInput', message: expect.stringContaining('224') }),
  )
})

test.each([
  [
    'vit_base_patch16_224.mae',
    ['cls_token', 'mask_token', 'decoder_pos_embed', 'decoder_blocks.0.norm1.weight'],
    ['cls_token'],
  ],
  ['vit_small_patch16_224.augreg_in21k', ['pre_logits.fc.weight', 'head.weight'], ['head.weight']],
  ['deit3_small_patch16_224', ['blocks.3.gamma_1', 'blocks.3.gamma_2'], ['blocks.3.ls1.gamma', 'blocks.3.ls2.gamma']],
  [
    'vit_giant_patch14_dinov2',
    ['blocks.0.mlp.w12.bias', 'blocks.0.mlp.w3.bias'],
    ['blocks.0.mlp.fc1.bias', 'blocks.0.mlp.fc2.bias'],
  ],
  ['deit_small_patch16_224.fb_in1k', ['module.cls_token', 'dist_token'], ['module.cls_token', 'dist_token']],
])(
  'converts a file for %s with %j to the tensors %j, and leaves unknown tensors to strict loading',
  (id, theirs, ours) => {
    const arrays = theirs.map((name): NamedArray => ({ name, dtype: 'float32', shape: [0], data: new Float32Array() }))
    const converted = backboneFor(id).convertCheckpoint(arrays)
    expect(converted.map(({ name }) => name)).toEqual(ours)
  },
)
