import { expect, it, test } from 'vitest'
import { backboneFor } from '../registry.ts'
import { resNetModels } from './resnet.ts'

const backbone = backboneFor('resnet50.a1_in1k')

it('has the 320 tensors and 25,557,032 parameters of timm', () => {
  const specifications = backbone.specifications(1000)
  expect(specifications).toHaveLength(320)
  const learned = specifications.filter(({ trainable }) => trainable)
  expect(learned.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(25_557_032)
})

it('projects the shortcut of every stage, also of the first, which has no stride', () => {
  const shortcuts = backbone.specifications(10).filter(({ name }) => name.endsWith('downsample.0.weight'))
  expect(shortcuts.map(({ name, shape }) => [name.slice(0, 8), shape])).toEqual([
    ['layer1.0', [256, 64, 1, 1]],
    ['layer2.0', [512, 256, 1, 1]],
    ['layer3.0', [1024, 512, 1, 1]],
    ['layer4.0', [2048, 1024, 1, 1]],
  ])
})

test.each(resNetModels.ids)('%s has the same tensors as any other ResNet-50', (id) => {
  expect(backboneFor(id).specifications(7)).toEqual(backbone.specifications(7))
})
