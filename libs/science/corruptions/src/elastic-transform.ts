import type { Rgb8Image } from '@gauntlet/datasets/rgb8-image'
import { uniform, type RandomKey } from '@gauntlet/engine/random'
import { gaussianTaps } from './gaussian-taps.ts'
import type { Severity } from './portfolio.ts'
import { mirrorAtEdge } from './reflect.ts'
import { truncatedImage, unitValues } from './unit-values.ts'

/** Factors of the smoothed displacements. */
const strengths = { 1: 250 * 0.05, 2: 250 * 0.065, 3: 250 * 0.085, 4: 250 * 0.1, 5: 250 * 0.12 } as const

/** Stretches and squeezes small regions: every pixel is sampled at a point that a smooth random field displaces. */
export function elasticTransform(image: Rgb8Image, severity: Severity, key: RandomKey): Rgb8Image {
  const count = image.width * image.height
  // As in the reference, both directions scale with the height.
  const field = (direction: string) =>
    Float64Array.from(
      uniform({ ...key, purpose: `${key.purpose}/${direction}` }, count),
      (draw) => image.height * 0.005 * (2 * draw - 1),
    )
  return displaced(image, severity, field('x'), field('y'))
}

/** The image under displacements that are still to be smoothed, in pixels. noiseX, noiseY: [height, width] */
function displaced(image: Rgb8Image, severity: Severity, noiseX: Float64Array, noiseY: Float64Array): Rgb8Image {
  const { width, height } = image
  const field = (noise: Float64Array) =>
    smooth(noise, width, height).map((value) => Math.fround(value * strengths[severity]))
  const [moveX, moveY] = [field(noiseX), field(noiseY)]
  const values = unitValues(image)
  const moved = new Float64Array(values.length)
  for (let i = 0; i < moveX.length; i++)
    samplePixel(values, image, (i % width) + moveX[i]!, Math.floor(i / width) + moveY[i]!, moved, 3 * i)
  return truncatedImage(moved, image)
}

/**
 * Smooths by a Gaussian whose deviation is a hundredth of each side, with the border mirrored at its edge. noise:
 * [height, width]
 */
function smooth(noise: Float64Array, width: number, height: number): Float64Array {
  return smoothRows(smoothColumns(noise, width, height), width)
}

function smoothColumns(noise: Float64Array, width: number, height: number): Float64Array {
  const taps = smoothingTaps(0.01 * height)
  const reach = (taps.length - 1) / 2
  const smoothed = new Float64Array(noise.length)
  for (let y = 0; y < height; y++) {
    for (const [k, tap] of taps.entries()) {
      const from = mirrorAtEdge(y + k - reach, height) * width
      for (let x = 0; x < width; x++) smoothed[y * width + x]! += tap * noise[from + x]!
    }
  }
  return smoothed
}

function smoothRows(noise: Float64Array, width: number): Float64Array {
  const taps = smoothingTaps(0.01 * width)
  const reach = (taps.length - 1) / 2
  const columns = Int32Array.from({ length: width + 2 * reach }, (_, i) => mirrorAtEdge(i - reach, width))
  const smoothed = new Float64Array(noise.length)
  for (let row = 0; row < noise.length; row += width) {
    for (const [k, tap] of taps.entries()) {
      for (let x = 0; x < width; x++) smoothed[row + x]! += tap * noise[row + columns[x + k]!]!
    }
  }
  return smoothed
}

/** A Gaussian cut off at three deviations, as scipy's `gaussian_filter1d` does with `truncate=3`. */
function smoothingTaps(deviation: number): number[] {
  return gaussianTaps(Math.trunc(3 * deviation + 0.5), deviation)
}

/** Writes the linear interpolation at (x, y), with the border mirrored at its edge, into one pixel. */
function samplePixel(
  values: Float64Array,
  { width, height }: Rgb8Image,
  x: number,
  y: number,
  to: Float64Array,
  at: number,
): void {
  const [left, top] = [Math.floor(x), Math.floor(y)]
  const [partX, partY] = [x - left, y - top]
  const rows = [mirrorAtEdge(top, height), mirrorAtEdge(top + 1, height)] as const
  const columns = [mirrorAtEdge(left, width), mirrorAtEdge(left + 1, width)] as const
  for (let channel = 0; channel < 3; channel++) {
    const value = (row: number, column: number) => values[3 * (row * width + column) + channel]!
    const upper = value(rows[0], columns[0]) * (1 - partX) + value(rows[0], columns[1]) * partX
    const lower = value(rows[1], columns[0]) * (1 - partX) + value(rows[1], columns[1]) * partX
    to[at + channel] = upper * (1 - partY) + lower * partY
  }
}
