import { tf } from '@gauntlet/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { belowPlace } from './bisection.ts'

/** Sizes of any order of magnitude, with ties and zeros, as gradients have. */
const aSize = fc.oneof(
  fc.constant(0),
  fc.constantFrom(0.25, 1e-9, 3),
  fc
    .tuple(fc.float({ min: 1, max: 2, noNaN: true }), fc.integer({ min: -60, max: 20 }))
    .map(([digits, power]) => Math.fround(digits * 2 ** power)),
)
const aRow = fc.array(aSize, { minLength: 1, maxLength: 40 })

describe('the value below a place', () => {
  it('leaves above it exactly the values from that place on, their equals included, as a full sort says', () => {
    fc.assert(
      fc.property(aRow, fc.nat(), (row, number) => {
        const place = number % row.length
        const threshold = row.toSorted((a, b) => a - b)[place]!
        const below = tf.tidy(() => belowPlace(tf.tensor2d([row]), tf.tensor2d([[place]])).dataSync()[0]!)
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
        (rows, place) => {
          tf.tidy(() => {
            const together = belowPlace(tf.tensor2d(rows), tf.fill([rows.length, 1], place)).dataSync()
            rows.forEach((row, i) =>
              expect(belowPlace(tf.tensor2d([row]), tf.tensor2d([[place]])).dataSync()[0]).toBe(together[i]),
            )
          })
        },
      ),
    )
  })
})
