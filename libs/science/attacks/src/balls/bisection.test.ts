import { tf } from '@gauntlet/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { belowSorted } from './bisection.ts'

/** Sizes of any order of magnitude, with ties and zeros, as gradients have. */
const aSize = fc.oneof(
  fc.constant(0),
  fc.constantFrom(0.25, 1e-9, 3),
  fc
    .tuple(fc.float({ min: 1, max: 2, noNaN: true }), fc.integer({ min: -60, max: 20 }))
    .map(([digits, power]) => Math.fround(digits * 2 ** power)),
)
const aRow = fc.array(aSize, { minLength: 1, maxLength: 40 })

describe('the threshold below a sorted value', () => {
  it('has above it exactly the values from that index on, their equals included, as a full sort says', () => {
    fc.assert(
      fc.property(aRow, fc.nat(), (row, number) => {
        const index = number % row.length
        const threshold = row.toSorted((a, b) => a - b)[index]!
        const below = tf.tidy(() => belowSorted(tf.tensor2d([row]), tf.tensor2d([[index]])).dataSync()[0]!)
        const chosen = row.filter((size) => size > below)
        expect(chosen).toEqual(row.filter((size) => size >= threshold && size > 0))
      }),
    )
  })

  it('does not depend on the other rows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(aSize, { minLength: 9, maxLength: 9 }), { minLength: 2, maxLength: 4 }),
        fc.nat(8),
        (rows, index) => {
          tf.tidy(() => {
            const together = belowSorted(tf.tensor2d(rows), tf.fill([rows.length, 1], index)).dataSync()
            rows.forEach((row, i) =>
              expect(belowSorted(tf.tensor2d([row]), tf.tensor2d([[index]])).dataSync()[0]).toBe(together[i]),
            )
          })
        },
      ),
    )
  })
})
