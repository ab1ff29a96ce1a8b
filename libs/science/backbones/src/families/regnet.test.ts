import type { NamedArray } from '@gauntlet/weights'
import { expect, it, test } from 'vitest'
import { backboneFor } from '../registry.ts'

const backbone = backboneFor('regnetx_004.pycls_in1k')

it('has the 428 tensors and 5,157,512 parameters of timm', () => {
  const specifications = backbone.specifications(1000)
  expect(specifications).toHaveLength(428)
  const learned = specifications.filter(({ trainable }) => trainable)
  expect(learned.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(5_157_512)
})

it('has groups of sixteen channels in every 3×3 convolution of a block', () => {
  const mixing = backbone.specifications(10).filter(({ name }) => name.endsWith('conv2.conv.weight'))
  expect(mixing).toHaveLength(22)
  for (const { shape } of mixing) expect(shape.slice(1)).toEqual([16, 3, 3])
})

test.each([
  ['stem.conv.weight', 'stem.conv.weight'],
  ['s1.b1.f.a.weight', 's1.b1.conv1.conv.weight'],
  ['s1.b1.f.a_bn.running_mean', 's1.b1.conv1.bn.running_mean'],
  ['s3.b7.f.b.weight', 's3.b7.conv2.conv.weight'],
  ['s3.b7.f.b_bn.bias', 's3.b7.conv2.bn.bias'],
  ['s4.b12.f.c.weight', 's4.b12.conv3.conv.weight'],
  ['s4.b12.f.c_bn.weight', 's4.b12.conv3.bn.weight'],
  ['s4.b12.f.final_bn.weight', 's4.b12.conv3.bn.weight'],
  ['s2.b1.proj.weight', 's2.b1.downsample.conv.weight'],
  ['s2.b1.bn.running_var', 's2.b1.downsample.bn.running_var'],
  ['s2.b1.downsample.bn.running_var', 's2.b1.downsample.bn.running_var'],
  ['head.fc.weight', 'head.fc.weight'],
])('renames %s of pycls to %s', (theirs, ours) => {
  const array: NamedArray = { name: theirs, dtype: 'float32', shape: [0], data: new Float32Array() }
  expect(backbone.convertCheckpoint([array])[0]!.name).toBe(ours)
})
