import { expect, it } from 'vitest'
import { expectAsDefined, given } from '../testing/as-defined.ts'
import { tf, type Tensor4D } from '../tf.ts'
import { resizeBilinearly } from './resizing.ts'

const [batch, height, width, channels] = [2, 3, 4, 2]

/**
 * Where the centre of an output pixel lies among the inputs: at (i + ½) · inputs / outputs − ½, but not before the
 * first input nor after the last.
 */
function place(index: number, outputs: number, inputs: number): { low: number; high: number; share: number } {
  const at = Math.min(Math.max(((index + 0.5) * inputs) / outputs - 0.5, 0), inputs - 1)
  const low = Math.floor(at)
  return { low, high: Math.min(low + 1, inputs - 1), share: at - low }
}

function byDefinition(x: Float64Array, toHeight: number, toWidth: number): number[] {
  const y: number[] = []
  for (let image = 0; image < batch; image++)
    for (let i = 0; i < toHeight; i++)
      for (let j = 0; j < toWidth; j++)
        for (let channel = 0; channel < channels; channel++) {
          const [row, column] = [place(i, toHeight, height), place(j, toWidth, width)]
          const at = (r: number, c: number) => x[((image * height + r) * width + c) * channels + channel]!
          const upper = at(row.low, column.low) * (1 - column.share) + at(row.low, column.high) * column.share
          const lower = at(row.high, column.low) * (1 - column.share) + at(row.high, column.high) * column.share
          y.push(upper * (1 - row.share) + lower * row.share)
        }
  return y
}

it.each([
  [7, 8],
  [5, 3],
  [2, 2],
  [1, 9],
])('resizes to %i × %i by the definition, and so does its gradient', (toHeight, toWidth) => {
  expectAsDefined(
    (x: Tensor4D) => resizeBilinearly(x, toHeight, toWidth),
    (x) => byDefinition(x, toHeight, toWidth),
    [given('x', [batch, height, width, channels])],
  )
})

it('keeps a constant image constant', () => {
  const y = resizeBilinearly(tf.fill([1, 7, 7, 1], 3) as Tensor4D, 8, 8)
  expect([...y.dataSync()]).toEqual(Array(64).fill(expect.closeTo(3, 6)))
})
