import type { Rgb8Image } from './rgb8-image.ts'

/**
 * Fractional bits of the integer weights: 32 less 8 for the pixel and 2 against overflow, as in Pillow's Resample.c.
 */
const precisionBits = 22

/** The source pixels of one output pixel. */
interface Window {
  readonly first: number
  /** In fixed point. They add up to about 2²². */
  readonly weights: Int32Array
}

/**
 * Resizes an image to a square, whatever its aspect ratio, as Pillow's bilinear `resize` does: by a triangle filter as
 * wide as the reduction (antialias), with fixed-point weights, and with bytes between the horizontal and the vertical
 * pass. Results equal Pillow 10's to the bit. Source: src/libImaging/Resample.c.
 */
export function resizeSquare(image: Rgb8Image, side: number): Rgb8Image {
  return resizeHeight(resizeWidth(image, side), side)
}

function resizeWidth(image: Rgb8Image, width: number): Rgb8Image {
  if (image.width === width) return image
  const windows = triangleWindows(image.width, width)
  const data = new Uint8Array(3 * width * image.height)
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < width; x++) {
      weighPixels(
        image.data,
        3 * (y * image.width + windows[x]!.first),
        3,
        windows[x]!.weights,
        data,
        3 * (y * width + x),
      )
    }
  }
  return { data, width, height: image.height }
}

function resizeHeight(image: Rgb8Image, height: number): Rgb8Image {
  if (image.height === height) return image
  const windows = triangleWindows(image.height, height)
  const data = new Uint8Array(3 * image.width * height)
  for (let y = 0; y < height; y++) {
    const { first, weights } = windows[y]!
    for (let x = 0; x < image.width; x++) {
      weighPixels(image.data, 3 * (first * image.width + x), 3 * image.width, weights, data, 3 * (y * image.width + x))
    }
  }
  return { data, width: image.width, height }
}

/** Writes the weighted mean of pixels `stride` bytes apart into one output pixel. */
function weighPixels(
  from: Uint8Array,
  start: number,
  stride: number,
  weights: Int32Array,
  to: Uint8Array,
  at: number,
): void {
  let red = 1 << (precisionBits - 1)
  let green = red
  let blue = red
  for (let k = 0, i = start; k < weights.length; k++, i += stride) {
    const weight = weights[k]!
    red += from[i]! * weight
    green += from[i + 1]! * weight
    blue += from[i + 2]! * weight
  }
  to[at] = Math.min(red >> precisionBits, 255)
  to[at + 1] = Math.min(green >> precisionBits, 255)
  to[at + 2] = Math.min(blue >> precisionBits, 255)
}

/** The windows of a triangle filter from `from` to `to` pixels. */
function triangleWindows(from: number, to: number): Window[] {
  const scale = from / to
  const support = Math.max(scale, 1)
  return Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * scale
    const first = Math.max(Math.trunc(center - support + 0.5), 0)
    const end = Math.min(Math.trunc(center + support + 0.5), from)
    const raw = Array.from({ length: end - first }, (_unused, k) =>
      Math.max(1 - Math.abs((k + first - center + 0.5) * (1 / support)), 0),
    )
    const sum = raw.reduce((total, weight) => total + weight, 0)
    return { first, weights: Int32Array.from(raw, (weight) => Math.trunc(0.5 + (weight / sum) * 2 ** precisionBits)) }
  })
}
