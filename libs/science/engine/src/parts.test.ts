import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deviceVariables } from './device-variables.ts'
import { fewestRows, partsOf, threadsOfParts } from './parts.ts'

describe('the parts of a batch', () => {
  it('are equal, have four rows at least, and are no more than there are threads', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 512 }), fc.integer({ min: 1, max: 64 }), (rows, threads) => {
        const parts = partsOf(rows, threads)
        expect(rows % parts).toBe(0)
        expect(parts).toBeGreaterThanOrEqual(1)
        expect(parts).toBeLessThanOrEqual(threads)
        if (parts > 1) expect(rows / parts).toBeGreaterThanOrEqual(fewestRows)
      }),
    )
  })

  it.each([
    [8, 1, 1],
    [8, 2, 2],
    [8, 16, 2],
    [32, 3, 2],
    [32, 8, 8],
    [7, 2, 1],
    [12, 3, 3],
  ])('of %i rows for %i threads are %i', (rows, threads, parts) => expect(partsOf(rows, threads)).toBe(parts))

  it('are as many as a device process has threads, and one where threads share operators or no variable is set', () => {
    expect(threadsOfParts(deviceVariables({ threads: 3 }))).toBe(3)
    expect(threadsOfParts(deviceVariables({ threads: 3, share: 'operators' }))).toBe(1)
    expect(threadsOfParts({})).toBe(1)
  })
})
