import { expect, it } from 'vitest'
import { freshHead, isHead, learnsAsHead } from './fresh-head.ts'
import { backboneFor } from '../registry.ts'

const backbone = backboneFor('efficientnet_lite0.ra_in1k')

it('draws weight and bias as torch.nn.Linear does, uniform in ± 1 / √inputs', () => {
  const [weight, bias] = freshHead(backbone, 10, 1)
  expect([weight!.name, bias!.name]).toEqual(['classifier.weight', 'classifier.bias'])
  expect([weight!.shape, bias!.shape]).toEqual([[10, 1280], [10]])
  const bound = 1 / Math.sqrt(1280)
  const values = weight!.data as Float32Array
  expect(values.every((value) => Math.abs(value) <= bound)).toBe(true)
  expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(0, 3)
  expect(values.reduce((sum, value) => sum + value ** 2, 0) / values.length / (bound ** 2 / 3)).toBeCloseTo(1, 1)
})

it('gives the same bits for the same seed, and other bits for another seed', () => {
  expect(freshHead(backbone, 10, 1)).toEqual(freshHead(backbone, 10, 1))
  expect(freshHead(backbone, 10, 1)[0]!.data).not.toEqual(freshHead(backbone, 10, 2)[0]!.data)
  expect(freshHead(backbone, 10, 1)[0]!.data[0]).not.toBe(freshHead(backbone, 10, 1)[1]!.data[0])
})

it('recognises the head by its module, not by how a name starts', () => {
  expect(isHead(backbone, 'classifier.bias')).toBe(true)
  expect(isHead(backbone, 'classifiers.bias')).toBe(false)
  expect(isHead(backbone, 'blocks.0.0.bn1.weight')).toBe(false)
})

it.each([
  ['convnext_tiny.fb_in1k', ['head.norm.weight', 'head.norm.bias', 'head.fc.weight', 'head.fc.bias']],
  ['edgenext_small.usi_in1k', ['head.norm.weight', 'head.norm.bias', 'head.fc.weight', 'head.fc.bias']],
  ['regnetx_004.pycls_in1k', ['head.fc.weight', 'head.fc.bias']],
  ['efficientnet_lite0.ra_in1k', ['classifier.weight', 'classifier.bias']],
])('trains what the study’s authors call the head of %s as one, and draws only the classifier', (id, learning) => {
  const model = backboneFor(id)
  const names = model.specifications(10).map(({ name }) => name)
  expect(names.filter((name) => learnsAsHead(model, name))).toEqual(learning)
  expect(freshHead(model, 10, 1).map(({ name }) => name)).toEqual(learning.slice(-2))
})
