import type { Rgb8Image } from '@gauntlet/datasets/rgb8-image'
import { normal, uniform, type RandomKey } from '@gauntlet/engine/random'
import { smear } from './motion-path.ts'
import type { Severity } from './portfolio.ts'
import { truncatedImage, unitValues } from './unit-values.ts'
import { cropGrid, zoomGrid } from './zoom-grid.ts'

/**
 * Mean and deviation of the noise that becomes flakes, their magnification, the threshold, radius and deviation of the
 * smear, and the part of the image that is kept.
 */
const falls = {
  1: { mean: 0.1, spread: 0.3, size: 3, threshold: 0.5, radius: 10, deviation: 4, kept: 0.8 },
  2: { mean: 0.2, spread: 0.3, size: 2, threshold: 0.5, radius: 12, deviation: 4, kept: 0.7 },
  3: { mean: 0.55, spread: 0.3, size: 4, threshold: 0.9, radius: 12, deviation: 8, kept: 0.7 },
  4: { mean: 0.55, spread: 0.3, size: 4.5, threshold: 0.85, radius: 12, deviation: 8, kept: 0.65 },
  5: { mean: 0.55, spread: 0.3, size: 2.5, threshold: 0.85, radius: 12, deviation: 12, kept: 0.55 },
} as const

/**
 * Draws flakes that fall within 45° of straight down over a whitened image. Departure from the study's code, which is a
 * port without OpenCV: its grey has the luma of ITU-R 709 (0.2125, 0.7154, 0.0721).
 */
export function snow(image: Rgb8Image, severity: Severity, key: RandomKey): Rgb8Image {
  const flakes = normal({ ...key, purpose: `${key.purpose}/flakes` }, image.width * image.height)
  const degrees = -135 + 90 * uniform({ ...key, purpose: `${key.purpose}/direction` }, 1)[0]!
  const layer = snowLayer(image, severity, flakes, degrees)
  const values = whiten(unitValues(image), falls[severity].kept)
  const last = layer.length - 1
  // The layer is added twice, the second time turned by 180°.
  for (let i = 0; i < values.length; i++) values[i]! += layer[Math.floor(i / 3)]! + layer[last - Math.floor(i / 3)]!
  return truncatedImage(values, image)
}

/** The layer of flakes: magnified, thinned out, smeared and rounded to bytes. → [height, width], in [0, 1] */
function snowLayer(
  { width, height }: Rgb8Image,
  severity: Severity,
  flakes: ArrayLike<number>,
  degrees: number,
): Float64Array {
  const { mean, spread, size, threshold, radius, deviation } = falls[severity]
  const noise = Float64Array.from({ length: width * height }, (_, i) => mean + spread * flakes[i]!)
  const magnified = zoomGrid({ values: noise, width, height, channels: 1 }, size)
  const thinned = {
    ...magnified,
    values: magnified.values.map((value) => (value < threshold ? 0 : Math.min(value, 1))),
  }
  const smeared = { ...magnified, values: smear(thinned, { radius, deviation, degrees }) }
  return cropGrid(smeared, width, height).map((value) => Math.round(value * 255) / 255)
}

/** Mixes each value with the larger of itself and a brightened grey (ITU-R 601 luma). values: [pixels, 3] */
function whiten(values: Float64Array, kept: number): Float64Array {
  const whitened = new Float64Array(values.length)
  for (let i = 0; i < values.length; i += 3) {
    const grey = 0.299 * values[i]! + 0.587 * values[i + 1]! + 0.114 * values[i + 2]!
    for (let channel = i; channel < i + 3; channel++) {
      whitened[channel] = kept * values[channel]! + (1 - kept) * Math.max(values[channel]!, grey * 1.5 + 0.5)
    }
  }
  return whitened
}
