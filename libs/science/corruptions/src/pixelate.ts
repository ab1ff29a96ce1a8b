import type { Rgb8Image } from '@gauntlet/datasets/rgb8-image'
import type { Severity } from './portfolio.ts'

/** Side of the coarse image as a share of the image's. */
const shares = { 1: 0.6, 2: 0.5, 3: 0.4, 4: 0.3, 5: 0.25 } as const

/** Shrinks by means over boxes and grows back by repeating pixels: Pillow's `resize` with BOX, then with NEAREST. */
export function pixelate(image: Rgb8Image, severity: Severity): Rgb8Image {
  const width = Math.max(Math.trunc(image.width * shares[severity]), 1)
  const height = Math.max(Math.trunc(image.height * shares[severity]), 1)
  return repeatPixels(shrinkRows(shrinkColumns(image, width), height), image.width, image.height)
}

function shrinkColumns({ data, width: from, height }: Rgb8Image, width: number): Rgb8Image {
  const boxes = boxesOf(from, width)
  const value = (i: number) => {
    const [y, x, channel] = [Math.floor(i / (3 * width)), Math.floor(i / 3) % width, i % 3]
    return meanByte(boxes[x]!, (place) => data[3 * (y * from + place) + channel]!)
  }
  return { data: Uint8Array.from({ length: 3 * width * height }, (_, i) => value(i)), width, height }
}

function shrinkRows({ data, width, height: from }: Rgb8Image, height: number): Rgb8Image {
  const boxes = boxesOf(from, height)
  const value = (i: number) =>
    meanByte(boxes[Math.floor(i / (3 * width))]!, (place) => data[3 * place * width + (i % (3 * width))]!)
  return { data: Uint8Array.from({ length: 3 * width * height }, (_, i) => value(i)), width, height }
}

interface Box {
  readonly first: number
  readonly count: number
}

/**
 * The source places whose centres lie in each output place. Pillow bounds them twice, by rounded ends and by its box
 * filter, which is 1 on (−½, ½] of the reduced scale; where a centre lies on an end, rounding makes the two differ.
 */
function boxesOf(from: number, to: number): Box[] {
  const scale = from / to
  return Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * scale
    const first = Math.max(Math.trunc(center - scale / 2 + 0.5), 0)
    const end = Math.min(Math.trunc(center + scale / 2 + 0.5), from)
    const isInside = (place: number) =>
      (place - center + 0.5) * (1 / scale) > -0.5 && (place - center + 0.5) * (1 / scale) <= 0.5
    const inside = Array.from({ length: end - first }, (_unused, k) => first + k).filter(isInside)
    return { first: inside[0]!, count: inside.length }
  })
}

/** The rounded mean, by weights of 22 fractional bits as in Pillow's Resample.c. */
function meanByte({ first, count }: Box, at: (place: number) => number): number {
  const weight = Math.trunc(0.5 + 2 ** 22 / count)
  let sum = 2 ** 21
  for (let place = first; place < first + count; place++) sum += at(place) * weight
  return Math.min(Math.floor(sum / 2 ** 22), 255)
}

function repeatPixels({ data, width: from, height: rows }: Rgb8Image, width: number, height: number): Rgb8Image {
  const column = nearestPlaces(from, width)
  const row = nearestPlaces(rows, height)
  const source = (i: number) =>
    3 * (row[Math.floor(i / (3 * width))]! * from + column[Math.floor(i / 3) % width]!) + (i % 3)
  return { data: Uint8Array.from({ length: 3 * width * height }, (_, i) => data[source(i)]!), width, height }
}

/** The source place of each output place, found by repeated addition as Pillow does: rounding decides ties. */
function nearestPlaces(from: number, to: number): Int32Array {
  const places = new Int32Array(to)
  const step = from / to
  for (let i = 0, place = 0.5 * step; i < to; i++, place += step) places[i] = Math.min(Math.trunc(place), from - 1)
  return places
}
