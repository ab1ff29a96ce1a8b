import { asFloat32, type NamedArray } from '@gauntlet/weights'
import { resizedGrid, type Taps } from './resized-grid.ts'

/**
 * Resizes the biases of a window's offsets to a window of another side as timm does (`resize_rel_pos_bias_table`, after
 * BEiT, github.com/microsoft/unilm). The old offsets are put at places that lie farther apart the farther they are from
 * 0, so that the nearest keep their distance, and the new ones are interpolated linearly between them. table: [(2 ·
 * window − 1)², heads]. A table that fits, and one that is no square, stays as it is.
 */
export function resampledOffsets(table: NamedArray, window: number): NamedArray {
  const [offsets = 0, heads = 0] = table.shape
  const [from, to] = [Math.sqrt(offsets), 2 * window - 1]
  if (table.shape.length !== 2 || !Number.isInteger(from) || from % 2 === 0 || from === to) return table
  const data = resizedGrid(asFloat32(table), from, heads, linearTaps(geometricPlaces(from, to), to))
  return { name: table.name, dtype: 'float32', shape: [to ** 2, heads], data }
}

/**
 * Where the old offsets lie on the axis of the new ones: 0, and 1 + q + … + q^i in both directions, where q between
 * 1.01 and 1.5 is such that the last is the last of the new ones, found by halving.
 */
function geometricPlaces(from: number, to: number): number[] {
  const [old, wanted] = [(from - 1) / 2, (to - 1) / 2]
  let [left, right, ratio] = [1.01, 1.5, 1.5]
  while (right - left > 1e-6) {
    ratio = (left + right) / 2
    if (geometricSums(ratio, old).at(-1)! > wanted) right = ratio
    else left = ratio
  }
  const places = geometricSums(ratio, old).map(Math.fround)
  return [...places.map((place) => -place).reverse(), 0, ...places]
}

/** 1, 1 + q, 1 + q + q², …: `count` sums. */
function geometricSums(ratio: number, count: number): number[] {
  let [sum, term] = [0, 1]
  return Array.from({ length: count }, () => {
    sum += term
    term *= ratio
    return sum
  })
}

/** Linear interpolation between places in ascending order; beyond the last one its value. */
function linearTaps(places: readonly number[], count: number): Taps[] {
  return Array.from({ length: count }, (_, i) => {
    const at = i - (count - 1) / 2
    const right = places.findIndex((place) => place >= at)
    if (right <= 0) return { first: right < 0 ? places.length - 1 : 0, factors: [1] }
    const [before, after] = [places[right - 1]!, places[right]!]
    const share = (at - before) / (after - before)
    return { first: right - 1, factors: [1 - share, share] }
  })
}
