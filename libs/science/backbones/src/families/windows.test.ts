import { permuteTokens, tf, type Tensor3D, type TokenPermutation } from '@gauntlet/engine'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { betweenLayouts, intoMergedWindows, intoWindows, placesOf, shiftMask, type WindowLayout } from './windows.ts'

const layouts = fc
  .record({ across: fc.integer({ min: 1, max: 4 }), window: fc.integer({ min: 1, max: 7 }), shift: fc.nat({ max: 6 }) })
  .map(({ across, window, shift }): WindowLayout => ({ side: across * window, window, shift: shift % window }))

it('has every place of the image once, in the order that rolling and partitioning would give', () => {
  fc.assert(
    fc.property(layouts, (layout) => {
      const { side, window, shift } = layout
      const image = Array.from({ length: side }, (_, row) =>
        Array.from({ length: side }, (_, column) => row * side + column),
      )
      const rolled = image.map((_, row) =>
        image.map((_, column) => image[(row + shift) % side]![(column + shift) % side]!),
      )
      const starts = Array.from({ length: side / window }, (_, i) => i * window)
      const cut = starts.flatMap((top) =>
        starts.flatMap((left) => rolled.slice(top, top + window).flatMap((row) => row.slice(left, left + window))),
      )
      expect(placesOf(layout)).toEqual(cut)
      expect(new Set(cut).size).toBe(side * side)
    }),
  )
})

it('permutes directly from one layout to another', () => {
  fc.assert(
    fc.property(layouts, fc.nat({ max: 6 }), (from, shift) => {
      const to = { ...from, shift: shift % from.window }
      expect(apply(betweenLayouts(from, to), placesOf(from))).toEqual(placesOf(to))
      expect(apply(intoWindows(from), image(from.side))).toEqual(placesOf(from))
    }),
  )
})

it('brings the four tokens that are merged together: upper left, lower left, upper right, lower right', () => {
  fc.assert(
    fc.property(layouts, fc.nat({ max: 6 }), (to, shift) => {
      const from = { ...to, side: 2 * to.side, shift: shift % to.window }
      const merged = apply(intoMergedWindows(from, to), placesOf(from))
      placesOf(to).forEach((place, i) => {
        const corner = 2 * Math.floor(place / to.side) * from.side + 2 * (place % to.side)
        const four = [corner, corner + from.side, corner + 1, corner + from.side + 1]
        expect(merged.slice(4 * i, 4 * i + 4)).toEqual(four)
      })
    }),
  )
})

it('masks exactly those pairs of a window whose places are a window or more apart in the image', () => {
  fc.assert(
    fc.property(
      layouts.filter(({ side, window }) => side > window),
      (layout) => {
        const { side, window } = layout
        const [places, area] = [placesOf(layout), window ** 2]
        const apart = (a: number, b: number) => Math.abs(a - b) >= window
        const expected = Float32Array.from({ length: side * side * area }, (_, i) => {
          const query = places[Math.floor(i / area)]!
          const key = places[Math.floor(i / area / area) * area + (i % area)]!
          return apart(Math.floor(query / side), Math.floor(key / side)) || apart(query % side, key % side) ? -100 : 0
        })
        expect(Buffer.from(shiftMask(layout).buffer).equals(Buffer.from(expected.buffer))).toBe(true)
      },
    ),
    { numRuns: 40 },
  )
})

it('masks nothing without a shift', () => {
  expect(shiftMask({ side: 14, window: 7, shift: 0 }).every((value) => value === 0)).toBe(true)
})

function image(side: number): number[] {
  return Array.from({ length: side * side }, (_, place) => place)
}

function apply(permutation: TokenPermutation, tokens: readonly number[]): number[] {
  const x: Tensor3D = tf.tensor3d([...tokens], [1, tokens.length, 1])
  return [...permuteTokens(x, permutation).dataSync()]
}
