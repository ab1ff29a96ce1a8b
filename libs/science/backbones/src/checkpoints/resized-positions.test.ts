import { tf } from '@gauntlet/engine'
import { BatchTooSmall, evaluationMode, type ForwardContext } from '@gauntlet/nn'
import { hostRandomness } from '@gauntlet/nn/fixtures/host-randomness'
import { architectureNames, backboneFacts, computesWith } from '@gauntlet/study'
import { toParameters, type NamedArray } from '@gauntlet/weights'
import { describe, expect, it } from 'vitest'
import { adoptCheckpoint } from './adopt-checkpoint.ts'
import { backboneFor } from '../registry.ts'

const id = 'deit_tiny_patch16_224'

describe('a checkpoint for images of another side', () => {
  const arrays = backboneFor(id).specifications(3).map(arrayOf)

  it('has its positions resized, which is said, and computes at the new side alone', () => {
    const backbone = backboneFor(id, 'native', 96)
    const adopted = adoptCheckpoint(backbone, { arrays, notes: [] }, { head: 'kept' })
    expect(adopted.changes).toEqual([
      'pos_embed is resized for images of 96 × 96 pixels: [1, 197, 192] becomes [1, 37, 192]',
    ])
    const parameters = toParameters(adopted.arrays, backbone.specifications(3))
    const logits = (side: number) =>
      tf.tidy(() => backbone.logits(tf.fill([1, side, side, 3], 0.5), parameters, evaluationMode).arraySync())
    expect(logits(96).flat().every(Number.isFinite)).toBe(true)
    expect(() => logits(224)).toThrow(expect.objectContaining({ name: 'InvalidInput' }))
  })

  it('stays as it is where it fits, and is the native one unless another side is asked for', () => {
    for (const backbone of [backboneFor(id), backboneFor(id, 'native', 224)]) {
      const adopted = adoptCheckpoint(backbone, { arrays, notes: [] }, { head: 'kept' })
      expect(adopted.changes).toEqual([])
      expect(adopted.arrays.every(({ data }, i) => Buffer.compare(bytesOf(data), bytesOf(arrays[i]!.data)) === 0)).toBe(
        true,
      )
    }
  })

  it('has the tables of all its blocks resized, which is said once', () => {
    const swin = 'swin_tiny_patch4_window7_224'
    const tables = backboneFor(swin).specifications(3).map(arrayOf)
    const adopted = adoptCheckpoint(backboneFor(swin, 'native', 64), { arrays: tables, notes: [] }, { head: 'kept' })
    expect(adopted.changes).toEqual([
      'layers.0.blocks.0.attn.relative_position_bias_table and 11 more are resized for images of 64 × 64 pixels: [169, 3] becomes [9, 3]',
    ])
  })
})

it('a backbone is refused for a side that its patches or windows do not cover', () => {
  for (const [name, side, step] of [
    [id, 100, 16],
    ['eva02_tiny_patch14_224', 96, 14],
    ['swin_tiny_patch4_window7_224', 48, 32],
  ] as const)
    expect(() => backboneFor(name, 'native', side)).toThrow(
      `${name} computes with squares whose side is a multiple of ${step} pixels, not with ${side} × ${side}`,
    )
})

/** The sides that the catalogue names decide what a plan accepts, so they must be those of the models. */
describe('the catalogue', () => {
  const resized = architectureNames.filter((name) => backboneFacts(name)!.sides.resized)

  it('has sides for every model whose positions are resized, the native one and the next among them', () => {
    expect(resized.length).toBeGreaterThan(80)
    for (const name of resized) {
      const { sides } = backboneFacts(name)!
      const next = (Math.floor(sides.native / sides.step) + 1) * sides.step
      expect(computesWith(sides, sides.native) && computesWith(sides, next), name).toBe(true)
      const embedding = backboneFor(name, 'native', next).specifications(1)
      const patches = embedding.find(({ name: tensor }) => tensor === 'patch_embed.proj.weight')
      const patch = patches?.shape[2] ?? 32 // a CoAtNet has none: its stem and its four stages halve the side
      expect(sides.step % patch, name).toBe(0)
      const positions = embedding.find(({ name: tensor }) => tensor === 'pos_embed')
      if (positions) expect(positions.shape[1]! - (next / patch) ** 2, name).toBeLessThanOrEqual(5)
    }
  })

  it.each([
    'resnet18',
    'regnety_002',
    'mobilenetv3_small_050',
    'efficientnet-b0',
    'efficientnet_b0',
    'mobilevit-small',
  ])('knows up to which side a batch norm of %s sees one pixel', (name) => {
    const largest = backboneFacts(name)!.onePixelUpTo!
    const backbone = backboneFor(name)
    const specifications = backbone.specifications(3)
    const parameters = toParameters(specifications.map(arrayOf), specifications)
    const training: ForwardContext = {
      training: true,
      randomness: hostRandomness({ seed: 1, purpose: 'sides', step: 0 }),
    }
    const train = (side: number) => () =>
      tf.tidy(() => void backbone.logits(tf.randomUniform([1, side, side, 3]), parameters, training))
    expect(train(largest)).toThrow(BatchTooSmall)
    expect(train(largest + 1)).not.toThrow()
    tf.dispose([...parameters.entries()].map(([, tensor]) => tensor))
  })
})

function bytesOf(data: NamedArray['data']): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

/** Small numbers that differ from element to element. */
function arrayOf({ name, shape, kind }: { name: string; shape: readonly number[]; kind: string }): NamedArray {
  const count = shape.reduce((product, size) => product * size, 1)
  if (kind === 'counter') return { name, shape, dtype: 'int64', data: BigInt64Array.of(0n) }
  const positive = /running_var$|norm\d?\.weight$/.test(name) ? 1 : 0
  return {
    name,
    shape,
    dtype: 'float32',
    data: Float32Array.from({ length: count }, (_, i) => positive + 0.05 * Math.sin(i)),
  }
}
