import type { NamedArray } from '@gauntlet/weights'
import { expect, it, test } from 'vitest'
import { convertOpenClip } from './openclip-checkpoint.ts'

const classEmbedding = arrayOf('visual.class_embedding', [3])

test.each([
  ['visual.conv1.weight', 'patch_embed.proj.weight'],
  ['visual.ln_pre.bias', 'norm_pre.bias'],
  ['visual.transformer.resblocks.11.ln_1.weight', 'blocks.11.norm1.weight'],
  ['visual.transformer.resblocks.0.attn.in_proj_weight', 'blocks.0.attn.qkv.weight'],
  ['visual.transformer.resblocks.0.attn.in_proj_bias', 'blocks.0.attn.qkv.bias'],
  ['visual.transformer.resblocks.3.attn.out_proj.weight', 'blocks.3.attn.proj.weight'],
  ['visual.transformer.resblocks.3.ln_2.bias', 'blocks.3.norm2.bias'],
  ['visual.transformer.resblocks.3.mlp.c_fc.weight', 'blocks.3.mlp.fc1.weight'],
  ['visual.transformer.resblocks.3.mlp.c_proj.bias', 'blocks.3.mlp.fc2.bias'],
  ['visual.ln_post.weight', 'norm.weight'],
  ['module.visual.ln_post.weight', 'norm.weight'],
])('renames %s of open_clip to %s', (theirs, ours) => {
  expect(convertOpenClip([classEmbedding, arrayOf(theirs, [2])]).map(({ name }) => name)).toEqual(['cls_token', ours])
})

it('gives class token and position embedding the axes that they have in timm', () => {
  const converted = convertOpenClip([classEmbedding, arrayOf('visual.positional_embedding', [5, 3])])
  expect(converted.map(({ name, shape }) => [name, shape])).toEqual([
    ['cls_token', [1, 1, 3]],
    ['pos_embed', [1, 5, 3]],
  ])
})

it('turns the projection into a head, transposed and with a bias of zeros', () => {
  const projection: NamedArray = {
    name: 'visual.proj',
    dtype: 'float32',
    shape: [2, 3],
    data: Float32Array.of(1, 2, 3, 4, 5, 6),
  }
  const [, weight, bias] = convertOpenClip([classEmbedding, projection])
  expect(weight).toEqual({
    name: 'head.weight',
    dtype: 'float32',
    shape: [3, 2],
    data: Float32Array.of(1, 4, 2, 5, 3, 6),
  })
  expect(bias).toEqual({ name: 'head.bias', dtype: 'float32', shape: [3], data: Float32Array.of(0, 0, 0) })
})

it('drops the text tower and the temperature, and no other names', () => {
  const text = ['positional_embedding', 'text_projection', 'logit_scale', 'token_embedding.weight', 'ln_final.bias']
  const names = [...text, 'transformer.resblocks.0.ln_1.weight', 'something.else']
  const converted = convertOpenClip([classEmbedding, ...names.map((name) => arrayOf(name, [1]))])
  expect(converted.map(({ name }) => name)).toEqual(['cls_token', 'something.else'])
})

it('leaves a checkpoint that is not of open_clip as it is', () => {
  const arrays = [arrayOf('cls_token', [1, 1, 3]), arrayOf('module.norm.weight', [3])]
  expect(convertOpenClip(arrays)).toEqual(arrays)
})

function arrayOf(name: string, shape: readonly number[]): NamedArray {
  return { name, dtype: 'float32', shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }
}
