import { tf, type Tensor4D } from '@gauntlet/engine'
import { evaluationMode, type ParameterSpecification, type Randomness } from '@gauntlet/nn'
import { pixelContracts } from '@gauntlet/study'
import { elementCount, toParameters, type NamedArray } from '@gauntlet/weights'
import { describe, expect, it, test } from 'vitest'
import { backboneFor } from '../registry.ts'

const tiny = backboneFor('convnext_tiny.fb_in1k')
const clip = backboneFor('CLIP-convnext_base_w-laion2B-s13B-b82K')

test.each([
  ['convnext_tiny.fb_in1k', 182, 28_589_128],
  ['convnext_tiny.fb_in22k', 182, 28_589_128],
  ['robust_convnext_tiny', 182, 28_589_128],
  ['convnext_base.fb_in22k_ft_in1k', 344, 88_591_464],
  ['CLIP-convnext_base_w-laion_aesthetic-s13B-b82K', 344, 88_591_464],
])('%s has the %i tensors and %i parameters of timm with 1000 classes', (id, tensors, parameters) => {
  const specifications = backboneFor(id).specifications(1000)
  expect(specifications).toHaveLength(tensors)
  expect(specifications.every(({ trainable }) => trainable)).toBe(true)
  expect(specifications.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(parameters)
})

test.each([
  ['convnext_tiny.fb_in1k', pixelContracts.imageNet, pixelContracts.imageNet],
  ['convnext_base.clip_laion2b_augreg_ft_in12k_in1k', pixelContracts.clip, pixelContracts.clip],
  ['CLIP-convnext_base_w-laion2B-s13B-b82K', pixelContracts.clip, pixelContracts.clip],
  ['robust_convnext_tiny', pixelContracts.imageNet, pixelContracts.imageNet],
  ['robust_convnext_base', pixelContracts.imageNet, pixelContracts.plain],
])('%s has the normalisation of the authors and of its checkpoint', (id, paper, native) => {
  expect(backboneFor(id, 'paper').normalisation).toEqual(paper)
  expect(backboneFor(id, 'native').normalisation).toEqual(native)
})

describe('a checkpoint of facebookresearch/ConvNeXt', () => {
  test.each([
    ['downsample_layers.0.0.weight', 'stem.0.weight'],
    ['downsample_layers.0.1.bias', 'stem.1.bias'],
    ['downsample_layers.2.1.weight', 'stages.2.downsample.1.weight'],
    ['stages.1.2.dwconv.weight', 'stages.1.blocks.2.conv_dw.weight'],
    ['stages.3.0.norm.bias', 'stages.3.blocks.0.norm.bias'],
    ['stages.2.8.pwconv1.weight', 'stages.2.blocks.8.mlp.fc1.weight'],
    ['stages.0.1.pwconv2.bias', 'stages.0.blocks.1.mlp.fc2.bias'],
    ['stages.0.0.gamma', 'stages.0.blocks.0.gamma'],
    ['norm.weight', 'head.norm.weight'],
    ['head.bias', 'head.fc.bias'],
  ])('renames %s to %s', (theirs, ours) => {
    const [, converted] = tiny.convertCheckpoint([empty('downsample_layers.0.0.weight'), empty(theirs)])
    expect(converted!.name).toBe(ours)
  })
})

describe('a checkpoint of torchvision', () => {
  test.each([
    ['features.0.0.weight', 'stem.0.weight'],
    ['features.0.1.bias', 'stem.1.bias'],
    ['features.1.2.block.0.weight', 'stages.0.blocks.2.conv_dw.weight'],
    ['features.2.0.weight', 'stages.1.downsample.0.weight'],
    ['features.5.8.block.2.bias', 'stages.2.blocks.8.norm.bias'],
    ['features.6.1.bias', 'stages.3.downsample.1.bias'],
    ['features.7.0.block.3.weight', 'stages.3.blocks.0.mlp.fc1.weight'],
    ['features.7.0.block.5.weight', 'stages.3.blocks.0.mlp.fc2.weight'],
    ['classifier.0.weight', 'head.norm.weight'],
    ['classifier.2.bias', 'head.fc.bias'],
  ])('renames %s to %s', (theirs, ours) => {
    const [, converted] = tiny.convertCheckpoint([empty('features.0.0.weight'), empty(theirs)])
    expect(converted!.name).toBe(ours)
  })

  it('loses two axes of its layer scales', () => {
    const scale = { ...empty('features.1.0.layer_scale'), shape: [96, 1, 1], data: new Float32Array(96) }
    const [, converted] = tiny.convertCheckpoint([empty('features.0.0.weight'), scale])
    expect(converted).toMatchObject({ name: 'stages.0.blocks.0.gamma', shape: [96] })
  })
})

describe('the checkpoint of a CLIP', () => {
  const trunk = ['visual.trunk.stem.0.weight', 'visual.trunk.head.norm.weight']
  const beside = [
    'positional_embedding',
    'text_projection',
    'logit_scale',
    'visual.head.proj.weight',
    'transformer.resblocks.0.attn.in_proj_weight',
    'token_embedding.weight',
    'ln_final.bias',
    'text.transformer.resblocks.11.ln_2.bias',
  ]

  it('is converted to its image trunk only', () => {
    expect(names(clip.convertCheckpoint([...trunk, ...beside].map(empty)))).toEqual([
      'stem.0.weight',
      'head.norm.weight',
    ])
  })

  it('keeps tensors that no CLIP has, so that strict loading refuses them', () => {
    expect(names(clip.convertCheckpoint([...trunk, 'visual.head.mlp.fc1.weight'].map(empty)))).toContain(
      'visual.head.mlp.fc1.weight',
    )
  })

  it('is converted only by the backbones that it was published for', () => {
    expect(names(tiny.convertCheckpoint([empty('logit_scale')]))).toEqual(['logit_scale'])
    expect(names(clip.convertCheckpoint([empty('logit_scale')]))).toEqual(['logit_scale'])
  })
})

it('draws one number per image for every block but the first in training, and none in evaluation', () => {
  const asked: (readonly number[])[] = []
  const randomness: Randomness = {
    uniform: (shape) => (asked.push(shape), tf.ones([...shape])),
    ofImages: () => randomness,
  }
  tf.tidy(() => {
    const specifications = clip.specifications(3)
    const parameters = toParameters(specifications.map(constant), specifications)
    const images: Tensor4D = tf.ones([2, 32, 32, 3])
    clip.logits(images, parameters, { training: true, randomness })
    expect(asked).toEqual(Array.from({ length: 35 }, () => [2, 1, 1, 1]))
    clip.logits(images, parameters, evaluationMode)
    expect(asked).toHaveLength(35)
  })
})

function names(arrays: readonly NamedArray[]): string[] {
  return arrays.map(({ name }) => name)
}

function empty(name: string): NamedArray {
  return { name, dtype: 'float32', shape: [0], data: new Float32Array() }
}

function constant({ name, shape }: ParameterSpecification): NamedArray {
  return { name, shape, dtype: 'float32', data: new Float32Array(elementCount(shape)).fill(0.01) }
}
