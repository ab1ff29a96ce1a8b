import { backboneFor } from '@gauntlet/backbones'
import type { NamedArray } from '@gauntlet/weights'
import { describe, expect, it } from 'vitest'
import positions from './positions.json' with { type: 'json' }
import { hashFilled } from './hash-filling.ts'

const width = 2
/** A model with so many tokens before its patches. */
const modelWith = ['vit_base_patch16_siglip_gap_224', 'vit_tiny_patch16_224', 'deit_tiny_distilled_patch16_224']
const table = 'layers.0.blocks.0.attn.relative_position_bias_table'

describe('positions of a grid are resized as timm resizes them', () => {
  it.each(positions.grids)(
    'from $from × $from to $to × $to, with $before before them',
    ({ before, from, to, values }) => {
      const resize = backboneFor(modelWith[before]!, 'native', 16 * to).resizePositions!
      const resized = resize(filled('pos_embed', [1, before + from ** 2, width]))
      expect(resized.shape).toEqual([1, before + to ** 2, width])
      expectNear(resized, values)
    },
  )
})

describe('biases of the offsets in a window are resized as timm resizes them', () => {
  it.each(positions.windows)('from $from × $from to $to × $to', ({ from, to, values }) => {
    const resize = backboneFor('swin_tiny_patch4_window7_224', 'native', 32 * to).resizePositions!
    const { data, shape } = filled('relative_position_bias_table', [(2 * from - 1) ** 2, width])
    const resized = resize({ name: table, dtype: 'float32', data, shape })
    expect(resized.shape).toEqual([(2 * to - 1) ** 2, width])
    expectNear(resized, values)
  })
})

it('leaves positions that fit, and those of no square, as they are', () => {
  const vit = backboneFor('vit_tiny_patch16_224', 'native', 96)
  for (const count of [1 + 6 ** 2, 1 + 6 ** 2 + 1]) {
    const array = filled('pos_embed', [1, count, width])
    expect(vit.resizePositions!(array)).toBe(array)
  }
})

function filled(name: string, shape: readonly number[]): NamedArray {
  return hashFilled([[name, shape, 'float32']])[0]!
}

function expectNear({ data }: NamedArray, values: readonly number[]): void {
  const largest = Array.from(data as Float32Array, (value, i) => Math.abs(value - values[i]!))
  expect(data).toHaveLength(values.length)
  expect(Math.max(...largest)).toBeLessThan(2e-6)
}
