import type { Rgb8Image } from '@gauntlet/datasets/rgb8-image'
import { InvalidInput, corruptionNames } from '@gauntlet/study'
import { permutation, uniform } from '@gauntlet/engine/random'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { corruptImage } from './corrupt-image.ts'

const key = { seed: 1, purpose: 'common', image: 'ab' }
const stochastic = ['shot_noise', 'impulse_noise', 'motion_blur', 'snow', 'elastic_transform']

/** A smooth ramp with some grain, which blurs, moves and noise all change. */
function scene(width: number, height: number): Rgb8Image {
  const grain = uniform({ seed: 3, purpose: 'scene' }, 3 * width * height)
  const data = Uint8Array.from(grain, (draw, i) => 40 + (120 * (Math.floor(i / 3) % width)) / width + 60 * draw)
  return { data, width, height }
}

const grey = (level: number, side = 64): Rgb8Image => ({
  data: new Uint8Array(3 * side * side).fill(level),
  width: side,
  height: side,
})
const mean = (data: Uint8Array) => data.reduce((sum, byte) => sum + byte, 0) / data.length
function deviation(data: Uint8Array): number {
  const center = mean(data)
  return Math.sqrt(data.reduce((sum, byte) => sum + (byte - center) ** 2, 0) / data.length)
}
const distance = (a: Uint8Array, b: Uint8Array) =>
  Math.sqrt(a.reduce((sum, byte, i) => sum + (byte - b[i]!) ** 2, 0) / a.length)

describe('every corruption', () => {
  it.each(corruptionNames)(
    '%s keeps the size of an image of any size and does not change the original',
    async (name) => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 40 }),
          fc.integer({ min: 1, max: 40 }),
          fc.integer({ min: 1, max: 5 }),
          async (width, height, severity) => {
            const image = scene(width, height)
            const before = image.data.slice()
            const result = await corruptImage(image, name, severity, key)
            expect([result.width, result.height, result.data.length]).toEqual([width, height, 3 * width * height])
            expect(image.data).toEqual(before)
          },
        ),
        { numRuns: 12 },
      )
    },
  )

  it.each(corruptionNames)(
    '%s gives the same bytes for the same key, whatever else was corrupted before',
    async (name) => {
      const image = scene(28, 28)
      const first = await corruptImage(image, name, 3, key)
      await corruptImage(scene(20, 20), name, 3, key)
      expect((await corruptImage(image, name, 3, key)).data).toEqual(first.data)
    },
  )

  it.each(corruptionNames)('%s changes the image at every severity, and more at 5 than at 1', async (name) => {
    const image = scene(64, 64)
    const distances = await Promise.all(
      [1, 2, 3, 4, 5].map(async (severity) =>
        distance(image.data, (await corruptImage(image, name, severity, key)).data),
      ),
    )
    expect(Math.min(...distances)).toBeGreaterThan(0)
    expect(distances[4]).toBeGreaterThan(distances[0]!)
  })

  it.each(stochastic)('%s differs between images, seeds and purposes', async (name) => {
    const image = scene(28, 28)
    const others = [
      { ...key, image: 'cd' },
      { ...key, seed: 2 },
      { ...key, purpose: 'other' },
    ]
    const results = await Promise.all(
      [key, ...others].map(async (each) =>
        Buffer.from((await corruptImage(image, name, 3, each)).data).toString('hex'),
      ),
    )
    expect(new Set(results).size).toBe(4)
  })
})

describe('noise', () => {
  it.each([
    [1, 60],
    [3, 12],
    [5, 3],
  ])('shot noise at severity %i has the mean and variance of %i photons', async (severity, photons) => {
    // So dark that clipping at white has no influence: P(X > photons) < 1e-3.
    const level = photons > 10 ? 64 : 26
    const { data } = await corruptImage(grey(level, 128), 'shot_noise', severity, key)
    const expectedDeviation = Math.sqrt((level / 255) * photons) * (255 / photons)
    // Truncation to bytes lowers values by half a level on average.
    expect(mean(data)).toBeGreaterThan(level - 1.2)
    expect(mean(data)).toBeLessThan(level + 0.8)
    expect(deviation(data) / expectedDeviation).toBeGreaterThan(0.97)
    expect(deviation(data) / expectedDeviation).toBeLessThan(1.03)
  })

  it('impulse noise at severity 3 turns 4.5 % white, 4.5 % black and leaves the rest', async () => {
    const { data } = await corruptImage(grey(100, 128), 'impulse_noise', 3, key)
    const share = (level: number) => data.filter((byte) => byte === level).length / data.length
    expect(share(0)).toBeCloseTo(0.045, 2)
    expect(share(255)).toBeCloseTo(0.045, 2)
    expect(share(0) + share(100) + share(255)).toBe(1)
  })
})

describe('flat images', () => {
  it.each(['defocus_blur', 'zoom_blur', 'contrast', 'elastic_transform', 'pixelate'])(
    '%s changes a flat grey by at most one level',
    async (name) => {
      for (const level of permutation({ seed: 0, purpose: 'levels' }, 256).slice(0, 12)) {
        const { data } = await corruptImage(grey(level, 24), name, 3, key)
        expect(Math.max(...data.map((byte) => Math.abs(byte - level)))).toBeLessThanOrEqual(1)
      }
    },
  )

  it('brightness turns black into the grey of its severity', async () => {
    expect(new Set((await corruptImage(grey(0, 8), 'brightness', 3, key)).data)).toEqual(new Set([76]))
  })

  it('snow brightens', async () => {
    expect(mean((await corruptImage(grey(80), 'snow', 3, key)).data)).toBeGreaterThan(90)
  })
})

it('refuses unknown names and severities, and bytes that are not an image', async () => {
  await expect(corruptImage(grey(1, 4), 'fog', 3, key)).rejects.toThrow(InvalidInput)
  await expect(corruptImage(grey(1, 4), 'snow', 6, key)).rejects.toThrow('from 1 to 5')
  await expect(corruptImage({ data: new Uint8Array(5), width: 2, height: 2 }, 'snow', 3, key)).rejects.toThrow(
    RangeError,
  )
})
