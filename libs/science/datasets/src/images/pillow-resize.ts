import { imagePixels, type Windows } from './image-pixels.ts'
import type { Rgb8Image } from './rgb8-image.ts'

/**
 * Fractional bits of the integer weights: 32 less 8 for the pixel and 2 against overflow, as in Pillow's Resample.c.
 */
const precisionBits = 22

/**
 * Resizes an image to a square, whatever its aspect ratio, as Pillow's bilinear `resize` does: by a triangle filter as
 * wide as the reduction (antialias), with fixed-point weights, and with bytes between the horizontal and the vertical
 * pass. Results equal Pillow 10's to the bit. Source: src/libImaging/Resample.c.
 */
export function resizeSquare({ data, width, height }: Rgb8Image, side: number): Rgb8Image {
  if (width === side && height === side) return { data, width, height }
  const resized = new Uint8Array(3 * side * side)
  const windows = [...triangleWindows(width, side), ...triangleWindows(height, side)] as [...Windows, ...Windows]
  imagePixels().resizeSquare(data, width, height, side, ...windows, resized)
  return { data: resized, width: side, height: side }
}

/** The windows of a triangle filter from `from` to `to` pixels. */
function triangleWindows(from: number, to: number): Windows {
  const scale = from / to
  const support = Math.max(scale, 1)
  const first = new Int32Array(to)
  const starts = new Int32Array(to + 1)
  const weights = new Int32Array(to * (2 * Math.ceil(support) + 1))
  const raw = new Float64Array(2 * Math.ceil(support) + 1)
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale
    const begin = Math.max(Math.trunc(center - support + 0.5), 0)
    const count = Math.min(Math.trunc(center + support + 0.5), from) - begin
    let sum = 0
    for (let k = 0; k < count; k++) {
      raw[k] = Math.max(1 - Math.abs((k + begin - center + 0.5) * (1 / support)), 0)
      sum += raw[k]!
    }
    const start = starts[i]!
    for (let k = 0; k < count; k++) weights[start + k] = Math.trunc(0.5 + (raw[k]! / sum) * 2 ** precisionBits)
    first[i] = begin
    starts[i + 1] = start + count
  }
  return [first, starts, weights]
}
