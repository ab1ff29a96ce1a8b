import type { Rgb8Image } from '@gauntlet/datasets/rgb8-image'
import { corruptionNames, type CorruptionName } from '@gauntlet/study'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { corruptImage } from './corrupt-image.ts'

/*
 * Parity with imagecorruptions 1.1.2. `test/parity/corruptions/make_fixtures.py` makes the fixtures, and says how the
 * reference is given our draws. A sheet has a row for each image, as it was and then at severities 1 to 5;
 * distributions.json says how the reference's own draws are distributed.
 */

const folder = new URL('../../../../test/parity/corruptions/', import.meta.url)
const fileOf = (name: string) => fileURLToPath(new URL(name, folder))
const severities = [1, 2, 3, 4, 5] as const
/** The rows of a sheet and the sizes of their images. Every tile is as wide as that of the first. */
const [square, odd] = [
  { index: 0, top: 0, width: 64, height: 64 },
  { index: 1, top: 64, width: 37, height: 61 },
] as const

describe('a corruption of two small images agrees with imagecorruptions under the same draws', () => {
  it.each(corruptionNames)('%s at every severity: to one level of 255, and in its PSNR to 0.01 dB', async (name) => {
    const sheet = await decode(fileOf(`sheets/${name}.png`))
    for (const place of [square, odd]) {
      const original = tile(sheet, place, 0)
      for (const severity of severities) {
        const expected = tile(sheet, place, severity)
        const actual = await corruptImage(original, name, severity, {
          seed: 20,
          purpose: 'parity',
          image: `image-${place.index}`,
        })
        const where = `severity ${severity} of image ${place.index}`
        expect(largestDifference(actual, expected), where).toBeLessThanOrEqual(1)
        expect(Math.abs(decibels(original, actual) - decibels(original, expected)), where).toBeLessThan(0.01)
      }
    }
  })
})

interface Distribution {
  readonly name: CorruptionName
  readonly severity: number
  readonly repeats: number
  readonly mean: number
  readonly deviation: number
}

describe('our draws change an image as much as those of the reference', () => {
  const distributions = JSON.parse(readFileSync(fileOf('distributions.json'), 'utf8')) as Distribution[]
  const repeats = 100

  it.each(distributions)(
    '$name at severity $severity, in mean PSNR',
    async ({ name, severity, mean, deviation, ...reference }) => {
      const original = tile(await decode(fileOf(`sheets/${name}.png`)), square, 0)
      let sum = 0
      for (let seed = 0; seed < repeats; seed++)
        sum += decibels(original, await corruptImage(original, name, severity, { seed, purpose: 'distribution' }))
      // Four standard errors of the difference of two means: 0.03 dB for shot noise, and 0.4 dB for motion blur, which
      // depends on its direction.
      const error = deviation * Math.sqrt(1 / repeats + 1 / reference.repeats)
      expect(Math.abs(sum / repeats - mean)).toBeLessThan(4 * error)
    },
  )
})

async function decode(file: string): Promise<Rgb8Image> {
  const { data, info } = await sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  return { data: new Uint8Array(data), width: info.width, height: info.height }
}

function tile(sheet: Rgb8Image, { top, width, height }: typeof square | typeof odd, column: number): Rgb8Image {
  const data = new Uint8Array(3 * width * height)
  for (let y = 0; y < height; y++) {
    const start = 3 * ((top + y) * sheet.width + column * square.width)
    data.set(sheet.data.subarray(start, start + 3 * width), 3 * width * y)
  }
  return { data, width, height }
}

function largestDifference({ data }: Rgb8Image, expected: Rgb8Image): number {
  expect(data.length).toBe(expected.data.length)
  return data.reduce((largest, byte, i) => Math.max(largest, Math.abs(byte - expected.data[i]!)), 0)
}

/** Peak signal-to-noise ratio. */
function decibels({ data }: Rgb8Image, other: Rgb8Image): number {
  const squares = data.reduce((sum, byte, i) => sum + (byte - other.data[i]!) ** 2, 0)
  return 10 * Math.log10(255 ** 2 / (squares / data.length))
}
