import { uniform } from '@gauntlet/engine/random'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { augment } from './augment.ts'

const side = 12
const size = 3 * side * side
const digests = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const images = uniform({ seed: 5, purpose: 'images' }, digests.length * size)
const study = { horizontalFlip: true, colorJitter: 0.25, rotationDegrees: 2 }
const nothing = { horizontalFlip: false, colorJitter: 0, rotationDegrees: 0 }
const imageAt = (batch: Float32Array, i: number) => batch.slice(i * size, (i + 1) * size)
const epoch0 = { seed: 1, epoch: 0 }

describe('augmentation', () => {
  it('changes an image in the same way in any batch and order', () => {
    const whole = augment(images, digests, study, epoch0)
    fc.assert(
      fc.property(fc.shuffledSubarray([...digests.keys()], { minLength: 1 }), (chosen) => {
        const batch = new Float32Array(chosen.length * size)
        for (const [k, i] of chosen.entries()) batch.set(imageAt(images, i), k * size)
        const augmented = augment(
          batch,
          chosen.map((i) => digests[i]!),
          study,
          epoch0,
        )
        for (const [k, i] of chosen.entries()) expect(imageAt(augmented, k)).toEqual(imageAt(whole, i))
      }),
      { numRuns: 20 },
    )
  })

  it('differs between epochs and between seeds', () => {
    const first = augment(images, digests, study, epoch0)
    expect(augment(images, digests, study, { seed: 1, epoch: 1 })).not.toEqual(first)
    expect(augment(images, digests, study, { seed: 2, epoch: 0 })).not.toEqual(first)
  })

  it('stays in [0, 1], does not change its input, and gives it back where nothing is asked', () => {
    const before = images.slice()
    const strong = augment(images, digests, { horizontalFlip: true, colorJitter: 0.9, rotationDegrees: 45 }, epoch0)
    expect(strong.every((value) => value >= 0 && value <= 1)).toBe(true)
    expect(images).toEqual(before)
    expect(augment(images, digests, nothing, epoch0)).toEqual(images)
    expect(augment(new Float32Array(0), [], study, epoch0)).toEqual(new Float32Array(0))
  })

  it('flips about half of the images, exactly left to right', () => {
    const names = Array.from({ length: 400 }, (_, i) => `image-${i}`)
    const ramps = Float32Array.from({ length: 400 * 12 }, (_, i) => Math.floor(i / 3) % 2)
    const flipped = augment(ramps, names, { ...nothing, horizontalFlip: true }, epoch0)
    const firstColumns = names.map((_, i) => flipped[12 * i]!)
    expect(firstColumns.filter((value) => value === 1).length).toBeGreaterThan(160)
    expect(firstColumns.filter((value) => value === 1).length).toBeLessThan(240)
    expect(names.every((_, i) => flipped[12 * i] === 1 - flipped[12 * i + 3]!)).toBe(true)
  })

  it('refuses values that are not square images', () => {
    expect(() => augment(new Float32Array(7), ['a'], study, epoch0)).toThrow(RangeError)
  })
})
