import { tf, uniform, type Tensor2D } from '@gauntlet/engine'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { relativePositionBias, relativePositionIndex } from './relative-position-bias.ts'

const sides = fc.integer({ min: 1, max: 7 })

it('gives each offset a row of the table of its own, and uses every row', () => {
  fc.assert(
    fc.property(sides, (side) => {
      const places = side * side
      const rows = new Map<string, Set<number>>()
      relativePositionIndex(side).forEach((row, pair) => {
        const [query, key] = [Math.floor(pair / places), pair % places]
        const offset = `${Math.floor(query / side) - Math.floor(key / side)},${(query % side) - (key % side)}`
        rows.set(offset, (rows.get(offset) ?? new Set()).add(row))
      })
      const perOffset = [...rows.values()].map((of) => [...of])
      const all = Array.from({ length: (2 * side - 1) ** 2 }, (_, i) => [i])
      expect(perOffset.sort(([a], [b]) => a! - b!)).toEqual(all)
    }),
  )
})

it('orders offsets by rows from top to bottom, and then by columns, as Swin does', () => {
  // Expected is what Microsoft/Swin-Transformer computes for a window of 2.
  expect([...relativePositionIndex(2)]).toEqual([4, 3, 1, 0, 5, 4, 2, 1, 7, 6, 4, 3, 8, 7, 5, 4])
})

it('gives the bias of each head, and sums the gradient of an offset over all its pairs', () => {
  const table: Tensor2D = tf.tensor2d(uniform({ seed: 1, purpose: 'table' }, 27), [9, 3])
  const bias = relativePositionBias(table, 2)
  expect(bias.shape).toEqual([1, 3, 4, 4])
  const values = table.arraySync()
  expect(bias.flatten().arraySync().slice(16, 20)).toEqual([4, 3, 1, 0].map((row) => values[row]![1]))
  const gradient = tf.grad((x) => relativePositionBias(x as Tensor2D, 2).sum())(table)
  expect(gradient.gather([1], 1).flatten().arraySync()).toEqual([1, 2, 1, 2, 4, 2, 1, 2, 1])
})
