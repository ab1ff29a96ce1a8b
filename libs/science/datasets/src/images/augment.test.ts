import { permutation, uniform } from '@gauntlet/engine/random'
import { describe, expect, it } from 'vitest'
import { augment } from './augment.ts'
import { jitterColors } from './color-jitter.ts'

const side = 12
const size = 3 * side * side
const digests = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const levels = Uint8Array.from(uniform({ seed: 5, purpose: 'images' }, digests.length * size), (value) => value * 256)
const study = { horizontalFlip: true, colorJitter: 0.25, rotationDegrees: 2 }
const nothing = { horizontalFlip: false, colorJitter: 0, rotationDegrees: 0 }
const epoch0 = { seed: 1, epoch: 0 }

function augmented(i: number, augmentation = study, key = epoch0, digest = digests[i]!): Float32Array {
  const into = new Float32Array(size)
  augment(levels.slice(i * size, (i + 1) * size), digest, augmentation, key, into)
  return into
}

describe('augmentation', () => {
  it('changes an image in the same way each time, and another image in another way', () => {
    for (const i of digests.keys()) expect(augmented(i)).toEqual(augmented(i))
    expect(augmented(0, study, epoch0, 'b')).not.toEqual(augmented(0))
  })

  it('differs between epochs and between seeds', () => {
    expect(augmented(0, study, { seed: 1, epoch: 1 })).not.toEqual(augmented(0))
    expect(augmented(0, study, { seed: 2, epoch: 0 })).not.toEqual(augmented(0))
  })

  it('jitters brightness, contrast and saturation by factors and in an order that are drawn for each image', () => {
    const orders = new Set<string>()
    for (const [i, image] of digests.entries()) {
      const key = { seed: 1, image, iteration: 0 }
      const [, ...draws] = uniform({ ...key, purpose: 'augmentation' }, 4)
      const [brightness, contrast, saturation] = draws.map((draw) => 0.6 + 0.8 * draw) as [number, number, number]
      const order = permutation({ ...key, purpose: 'augmentation-order' }, 3)
      const jittered = levels.slice(i * size, (i + 1) * size)
      const standFor = jitterColors(jittered, { brightness, contrast, saturation, order })
      const expected = Float32Array.from(jittered, (level) => standFor[level]! / 255)
      expect(augmented(i, { ...nothing, colorJitter: 0.4 })).toEqual(expected)
      orders.add(order.join())
    }
    expect(orders.size).toBeGreaterThan(2)
  })

  it('leaves an image alone where nothing is asked', () => {
    const plain = Float32Array.from(levels.slice(3 * size, 4 * size), (level) => level / 255)
    expect(augmented(3, nothing)).toEqual(plain)
  })

  it('flips about half of the images, exactly left to right', () => {
    const flipped = Array.from({ length: 400 }, (_, i) => {
      const ramp = Uint8Array.from({ length: 12 }, (_unused, j) => Math.floor(j / 3) % 2)
      const into = new Float32Array(12)
      augment(ramp, `image-${i}`, { ...nothing, horizontalFlip: true }, epoch0, into)
      return into.map((value) => Math.round(255 * value))
    })
    const count = flipped.filter((ramp) => ramp[0] === 1).length
    expect(count).toBeGreaterThan(160)
    expect(count).toBeLessThan(240)
    expect(flipped.every((ramp) => ramp[0] === 1 - ramp[3]!)).toBe(true)
  })

  it('refuses values that are no square image', () => {
    expect(() => augment(new Uint8Array(7), 'a', study, epoch0, new Float32Array(7))).toThrow(RangeError)
  })
})
