import { expect, it } from 'vitest'
import { backboneFor } from '../registry.ts'

const specifications = backboneFor('mobilenetv3_large_100.ra_in1k').specifications(1000)

it('has the 312 tensors and 5,483,032 parameters of timm', () => {
  expect(specifications).toHaveLength(312)
  const learned = specifications.filter(({ trainable }) => trainable)
  expect(learned.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(5_483_032)
})

it('squeezes to the multiple of 8 nearest to a quarter of the channels, but not more than a tenth below', () => {
  const squeezed = specifications.filter(({ name }) => name.endsWith('se.conv_reduce.weight'))
  expect(squeezed.map(({ shape }) => shape.slice(0, 2))).toEqual([
    [24, 72],
    [32, 120],
    [32, 120],
    [120, 480],
    [168, 672],
    [168, 672],
    [240, 960],
    [240, 960],
  ])
})
