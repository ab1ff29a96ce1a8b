import { readFileSync } from 'node:fs'
import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { jitterColors } from './images/color-jitter.ts'
import { movePixels } from './images/move-pixels.ts'
import { resizeSquare } from './images/pillow-resize.ts'

/** Made by `test/parity/datasets/make_fixtures.py` with Pillow and torchvision. */
interface Fixtures {
  resized: { width: number; height: number; side: number; data: string; expected: string }[]
  photographs: {
    width: number
    height: number
    data: string
    resized: { side: number; expected: string }[]
  }[]
  augmented: {
    side: number
    data: string
    flipped: string
    jitters: { factors: [number, number, number]; order: number[]; expected: string }[]
    rotations: { degrees: number; expected: string }[]
  }
}

const { resized, photographs, augmented } = JSON.parse(
  readFileSync(new URL('../../../../test/parity/datasets/fixtures.json', import.meta.url), 'utf8'),
) as Fixtures
const unpack = (packed: string) => new Uint8Array(inflateSync(Buffer.from(packed, 'base64')))

describe('resizing is Pillow bilinear to the bit', () => {
  it.each(resized)('from $width × $height to $side', ({ width, height, side, data, expected }) => {
    expect(resizeSquare({ width, height, data: unpack(data) }, side).data).toEqual(unpack(expected))
  })

  it.each(photographs)('of a photograph of $width × $height', ({ width, height, data, resized: sizes }) => {
    for (const { side, expected } of sizes)
      expect(resizeSquare({ width, height, data: unpack(data) }, side).data).toEqual(unpack(expected))
  })
})

const sameLevels = Float32Array.from({ length: 256 }, (_, level) => level)

describe('augmentation is that of torchvision on PIL images, to the bit', () => {
  const { side, data, flipped, jitters, rotations } = augmented
  function moved(movement: Parameters<typeof movePixels>[2]): Uint8Array {
    const into = new Float32Array(3 * side * side)
    movePixels(unpack(data), side, movement, sameLevels, into)
    return Uint8Array.from(into)
  }

  it('horizontal flip', () => {
    expect(moved({ flip: true, degrees: 0 })).toEqual(unpack(flipped))
  })

  it.each(jitters)('colour jitter by $factors in the order $order', ({ factors, order, expected }) => {
    const image = unpack(data)
    const [brightness, contrast, saturation] = factors
    const levels = jitterColors(image, { brightness, contrast, saturation, order })
    expect(image.map((level) => levels[level]!)).toEqual(unpack(expected))
  })

  it.each(rotations)('rotation by $degrees degrees', ({ degrees, expected }) => {
    expect(moved({ flip: false, degrees })).toEqual(unpack(expected))
  })
})
