import { pixelContracts } from '@gauntlet/study'
import type { NamedArray } from '@gauntlet/weights'
import { expect, it, test } from 'vitest'
import { unwrapRobustCheckpoint } from './robust-checkpoint.ts'

const mean = [0.485, 0.456, 0.406]
const deviation = [0.229, 0.224, 0.225]

test.each([
  ['module.model.layer1.0.conv1.weight', 'layer1.0.conv1.weight'],
  ['module.model.fc.bias', 'fc.bias'],
  ['module.base_model.model.stem.0.weight', 'stem.0.weight'],
  ['base_model.model.stages.0.blocks.1.mlp.fc1.weight', 'stages.0.blocks.1.mlp.fc1.weight'],
  ['module.patch_embed.proj.weight', 'patch_embed.proj.weight'],
  ['model.model.norm.bias', 'norm.bias'],
  ['stages.2.blocks.0.gamma', 'stages.2.blocks.0.gamma'],
  ['head.model.weight', 'head.model.weight'],
])('removes the outer modules of %s, which leaves %s', (theirs, ours) => {
  expect(names([array(theirs)])).toEqual([ours])
})

it("drops the attacker's copy of the model and of its normalisation", () => {
  const theirs = [
    'module.attacker.model.conv1.weight',
    'module.attacker.normalize.new_mean',
    'module.model.conv1.weight',
  ]
  expect(names(theirs.map((name) => array(name)))).toEqual(['conv1.weight'])
})

test.each([
  ['module.normalizer.new_mean', 'module.normalizer.new_std'],
  ['normalize.mean', 'normalize.std'],
  ['base_model.normalize.mean', 'base_model.normalize.std'],
])('drops %s where it equals the normalisation that the model is fed', (first, second) => {
  expect(names([array(first, mean), array(second, deviation)])).toEqual([])
})

it('keeps another normalisation, so that strict loading refuses it', () => {
  const arrays = [array('normalize.mean', mean), array('normalize.std', deviation)]
  expect(unwrapRobustCheckpoint(arrays, pixelContracts.plain).map(({ name }) => name)).toEqual([
    'normalize.mean',
    'normalize.std',
  ])
  expect(names([array('normalize.mean', [0.5, 0.5, 0.5])])).toEqual(['normalize.mean'])
})

it('drops any normalisation where the caller normalises images', () => {
  expect(unwrapRobustCheckpoint([array('normalize.mean', [0.5, 0.5, 0.5]), array('normalize.std')])).toEqual([])
})

it('leaves the numbers as they are', () => {
  const given = array('module.model.conv1.weight')
  expect(unwrapRobustCheckpoint([given], pixelContracts.imageNet)[0]!.data).toBe(given.data)
})

function names(arrays: readonly NamedArray[]): string[] {
  return unwrapRobustCheckpoint(arrays, pixelContracts.imageNet).map(({ name }) => name)
}

/** A tensor of the shape that `register_buffer` keeps: [1, 3, 1, 1]. */
function array(name: string, values: readonly number[] = [1, 2, 3]): NamedArray {
  return { name, dtype: 'float32', shape: [1, values.length, 1, 1], data: Float32Array.from(values) }
}
