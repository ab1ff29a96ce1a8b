import { readFileSync } from 'node:fs'
import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { jitterColors } from './color-jitter.ts'
import { rotateNearest } from './move-pixels.ts'
import { resizeSquare } from './pillow-resize.ts'

/** Made by `test/parity/datasets/make_fixtures.py` with Pillow and torchvision. */
interface Fixtures {
  resized: { width: number; height: number; side: number; data: string; expected: string }[]
  augmented: {
    side: number
    data: string
    jitters: { factors: [number, number, number]; order: number[]; expected: string }[]
    rotations: { degrees: number; expected: string }[]
  }
}

const { resized, augmented } = JSON.parse(
  readFileSync(new URL('../../../../test/parity/datasets/fixtures.json', import.meta.url), 'utf8'),
) as Fixtures
const unpack = (packed: string) => new Uint8Array(inflateSync(Buffer.from(packed, 'base64')))
const unpackFloats = (packed: string) => new Float32Array(unpack(packed).buffer)
const image = () => Float32Array.from(unpack(augmented.data), (byte) => byte / 255)
const largestDifference = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0)

describe('resizing is Pillow bilinear to the bit', () => {
  it.each(resized)('from $width × $height to $side', ({ width, height, side, data, expected }) => {
    expect(resizeSquare({ width, height, data: unpack(data) }, side).data).toEqual(unpack(expected))
  })
})

describe('augmentation agrees with torchvision on float tensors', () => {
  it.each(augmented.jitters)('colour jitter by $factors in the order $order', ({ factors, order, expected }) => {
    const jittered = image()
    jitterColors(jittered, { brightness: factors[0], contrast: factors[1], saturation: factors[2], order })
    expect(largestDifference(jittered, unpackFloats(expected))).toBeLessThan(1e-6)
  })

  it.each(augmented.rotations)('rotation by $degrees degrees', ({ degrees, expected }) => {
    const rotated = image()
    rotateNearest(rotated, augmented.side, degrees)
    expect(largestDifference(rotated, unpackFloats(expected))).toBe(0)
  })
})
