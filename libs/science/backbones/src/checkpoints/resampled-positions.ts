import { asFloat32, type NamedArray } from '@gauntlet/weights'
import { resizedGrid, type Taps } from './resized-grid.ts'

/**
 * Resizes learned positions to a grid of another side as timm does (`resample_abs_pos_embed`): bicubic and antialiased.
 * positions: [1, before + grid², width]; the first `before` belong to tokens that have no place in the grid, and stay.
 * Positions that fit, and those that are no square, stay as they are.
 */
export function resampledGrid(
  positions: NamedArray,
  { before, side }: { readonly before: number; readonly side: number },
): NamedArray {
  const [, tokens = 0, width = 0] = positions.shape
  const from = Math.sqrt(tokens - before)
  if (positions.shape.length !== 3 || !Number.isInteger(from) || from < 1 || from === side) return positions
  const values = asFloat32(positions)
  const data = new Float32Array((before + side * side) * width)
  data.set(values.subarray(0, before * width))
  data.set(resizedGrid(values.subarray(before * width), from, width, bicubicTaps(from, side)), before * width)
  return { name: positions.name, dtype: 'float32', shape: [1, before + side * side, width], data }
}

/**
 * The taps of each new place as PyTorch computes them (`compute_index_ranges_weights` with bicubic's `aa_filter` in
 * aten/native/cpu/UpSampleKernel.cpp): Keys' cubic, stretched where the grid shrinks, and divided by its sum.
 */
function bicubicTaps(from: number, to: number): Taps[] {
  const scale = from / to
  const stretch = Math.max(scale, 1)
  const support = 2 * stretch
  return Array.from({ length: to }, (_, place) => {
    const centre = scale * (place + 0.5)
    const first = Math.max(Math.trunc(centre - support + 0.5), 0)
    const end = Math.min(Math.trunc(centre + support + 0.5), from)
    const raw = Array.from({ length: end - first }, (_, tap) => cubic((first + tap - centre + 0.5) / stretch))
    const sum = raw.reduce((total, weight) => total + weight, 0)
    return { first, factors: raw.map((weight) => weight / sum) }
  })
}

/** Keys' cubic convolution kernel with a = −½ ("Cubic convolution interpolation", 1981, equation 4). */
function cubic(at: number): number {
  const x = Math.abs(at)
  const a = -0.5
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
}
