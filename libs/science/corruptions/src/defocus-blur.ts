import type { Rgb8Image } from '@gauntlet/datasets/rgb8-image'
import { gaussianTaps } from './gaussian-taps.ts'
import type { Severity } from './portfolio.ts'
import { mirrorAtCenter } from './reflect.ts'
import { truncatedImage, unitValues } from './unit-values.ts'

/** Radius of the disk, and standard deviation of the Gaussian that softens it, in pixels. */
const disks = { 1: [3, 0.1], 2: [4, 0.5], 3: [6, 0.5], 4: [8, 0.5], 5: [10, 0.5] } as const

/**
 * Spreads every pixel over a disk, as a lens out of focus does. Beyond the border the image is mirrored at the centre
 * of its last pixel (OpenCV's BORDER_REFLECT_101). Departure from the study's code, which is a port without OpenCV: it
 * softens the disk by the whole Gaussian and mirrors at the edge.
 */
export function defocusBlur(image: Rgb8Image, severity: Severity): Rgb8Image {
  const [radius, softness] = disks[severity]
  const { weights, reach } = softDisk(radius, softness)
  return truncatedImage(convolve(unitValues(image), image, weights, reach), image)
}

/** A disk of sum 1, softened by a small Gaussian. → weights: [2 reach + 1, 2 reach + 1] */
function softDisk(radius: number, softness: number): { weights: Float64Array; reach: number } {
  const reach = Math.max(radius, 8)
  const side = 2 * reach + 1
  const offset = (i: number) => i - reach
  const isInside = (i: number) => offset(i % side) ** 2 + offset(Math.floor(i / side)) ** 2 <= radius ** 2
  const disk = Float64Array.from({ length: side * side }, (_, i) => (isInside(i) ? 1 : 0))
  const area = disk.reduce((sum, value) => sum + value, 0)
  return {
    weights: blurDisk(
      disk.map((value) => value / area),
      side,
      gaussianTaps(radius <= 8 ? 1 : 2, softness),
    ),
    reach,
  }
}

/** Blurs a disk along both axes, with its border mirrored at the centre of the last value. */
function blurDisk(disk: Float64Array, side: number, taps: readonly number[]): Float64Array {
  const reach = (taps.length - 1) / 2
  const along = (values: Float64Array, at: (line: number, index: number) => number) =>
    values.map((_, i) => {
      const [y, x] = [Math.floor(i / side), i % side]
      const [line, index] = at(0, 1) === 1 ? [y, x] : [x, y]
      return taps.reduce((sum, tap, k) => sum + tap * values[at(line, mirrorAtCenter(index + k - reach, side))]!, 0)
    })
  const rows = along(disk, (line, index) => line * side + index)
  return along(rows, (line, index) => index * side + line)
}

/**
 * Convolves each channel of [height, width, 3] with weights [2 reach + 1, 2 reach + 1]. A kernel that is larger than
 * the image mirrors it several times.
 */
function convolve(
  values: Float64Array,
  { width, height }: Rgb8Image,
  weights: Float64Array,
  reach: number,
): Float64Array {
  const side = 2 * reach + 1
  const taps = [...weights.keys()].filter((k) => weights[k] !== 0)
  const columnOf = Int32Array.from({ length: width + 2 * reach }, (_, i) => 3 * mirrorAtCenter(i - reach, width))
  const rowOf = Int32Array.from({ length: height + 2 * reach }, (_, i) => 3 * width * mirrorAtCenter(i - reach, height))
  const blurred = new Float64Array(values.length)
  for (const k of taps) {
    const [dy, dx, weight] = [Math.floor(k / side), k % side, weights[k]!]
    for (let y = 0, to = 0; y < height; y++) {
      const row = rowOf[y + dy]!
      for (let x = 0; x < width; x++, to += 3) {
        const from = row + columnOf[x + dx]!
        blurred[to]! += weight * values[from]!
        blurred[to + 1]! += weight * values[from + 1]!
        blurred[to + 2]! += weight * values[from + 2]!
      }
    }
  }
  return blurred
}
