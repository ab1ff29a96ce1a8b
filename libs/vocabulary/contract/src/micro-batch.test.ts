import { expect, it } from 'vitest'
import { microBatchBelow } from './micro-batch.ts'

it.each([
  [64, null, 64],
  [64, 128, 64],
  [64, 64, 32],
  [64, 20, 16],
  [7, 4, 3],
  [4, 1, null],
  [1, 1, null],
])('of %i images, where %s ran out of memory, is %s', (own, ranOutAt, microBatch) => {
  expect(microBatchBelow(own, ranOutAt)).toBe(microBatch)
})
