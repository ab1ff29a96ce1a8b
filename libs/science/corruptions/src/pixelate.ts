import type { Rgb8Image } from '@gauntlet/datasets/rgb8-image'
import type { Severity } from './portfolio.ts'

/** Side of the small image, as a share of the image's. */
const shares = { 1: 0.6, 2: 0.5, 3: 0.4, 4: 0.3, 5: 0.25 } as const

/**
 * Shrinks the image by means over boxes and enlarges it by repeating pixels: Pillow's `resize` with BOX, then NEAREST.
 */
export function pixelate(image: Rgb8Image, severity: Severity): Rgb8Image {
  const width = Math.max(Math.trunc(image.width * shares[severity]), 1)
  const height = Math.max(Math.trunc(image.height * shares[severity]), 1)
  return repeatPixels(shrinkRows(shrinkColumns(image, width), height), image.width, image.height)
}

function shrinkColumns({ data, width: from, height }: Rgb8Image, width: number): Rgb8Image {
  const boxes = boxesOf(from, width)
  const value = (i: number) => {
    const [y, x, channel] = [Math.floor(i / (3 * width)), Math.floor(i / 3) % width, i % 3]
    return meanByte(boxes[x]!, (index) => data[3 * (y * from + index) + channel]!)
  }
  return { data: Uint8Array.from({ length: 3 * width * height }, (_, i) => value(i)), width, height }
}

function shrinkRows({ data, width, height: from }: Rgb8Image, height: number): Rgb8Image {
  const boxes = boxesOf(from, height)
  const value = (i: number) =>
    meanByte(boxes[Math.floor(i / (3 * width))]!, (index) => data[3 * index * width + (i % (3 * width))]!)
  return { data: Uint8Array.from({ length: 3 * width * height }, (_, i) => value(i)), width, height }
}

/** The source pixels of one output pixel. */
interface Box {
  readonly first: number
  readonly count: number
}

/**
 * The source pixels whose centres lie in each output pixel. Pillow bounds them twice, by rounded ends and by its box
 * filter, which is 1 on (−½, ½] of the reduced scale. Where a centre lies on an end, rounding makes the two differ.
 */
function boxesOf(from: number, to: number): Box[] {
  const scale = from / to
  return Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * scale
    const first = Math.max(Math.trunc(center - scale / 2 + 0.5), 0)
    const end = Math.min(Math.trunc(center + scale / 2 + 0.5), from)
    const isInside = (index: number) =>
      (index - center + 0.5) * (1 / scale) > -0.5 && (index - center + 0.5) * (1 / scale) <= 0.5
    const inside = Array.from({ length: end - first }, (_unused, k) => first + k).filter(isInside)
    return { first: inside[0]!, count: inside.length }
  })
}

/** The rounded mean of a box, by weights of 22 fractional bits as in Pillow's Resample.c. */
function meanByte({ first, count }: Box, at: (index: number) => number): number {
  const weight = Math.trunc(0.5 + 2 ** 22 / count)
  let sum = 2 ** 21
  for (let index = first; index < first + count; index++) sum += at(index) * weight
  return Math.min(Math.floor(sum / 2 ** 22), 255)
}

function repeatPixels({ data, width: from, height: rows }: Rgb8Image, width: number, height: number): Rgb8Image {
  const column = nearestIndices(from, width)
  const row = nearestIndices(rows, height)
  const source = (i: number) =>
    3 * (row[Math.floor(i / (3 * width))]! * from + column[Math.floor(i / 3) % width]!) + (i % 3)
  return { data: Uint8Array.from({ length: 3 * width * height }, (_, i) => data[source(i)]!), width, height }
}

/** The source pixel of each output pixel, by repeated addition as in Pillow, whose rounding decides ties. */
function nearestIndices(from: number, to: number): Int32Array {
  const indices = new Int32Array(to)
  const step = from / to
  for (let i = 0, center = 0.5 * step; i < to; i++, center += step) indices[i] = Math.min(Math.trunc(center), from - 1)
  return indices
}
