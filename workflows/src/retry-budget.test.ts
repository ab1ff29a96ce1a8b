import { retryPolicy, type FailureClass } from '@gauntlet/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RetryBudget } from './retry-budget.ts'

const classes = Object.keys(retryPolicy) as FailureClass[]
const anyClass = fc.constantFrom(...classes)
const otherThanMemory = fc.constantFrom(...classes.filter((name) => name !== 'OutOfMemory'))

describe('RetryBudget', () => {
  it('ends a stage exactly when one class has failed more often than its own budget allows', () => {
    fc.assert(
      fc.property(fc.array(anyClass, { maxLength: 200 }), (failures) => {
        const budget = new RetryBudget(2 ** 20)
        const seen = new Map<FailureClass, number>()
        for (const failure of failures) {
          seen.set(failure, (seen.get(failure) ?? 0) + 1)
          expect(budget.pauseAfter(failure) === null).toBe(seen.get(failure)! > retryPolicy[failure].retries)
        }
      }),
    )
  })

  it('doubles the pause with every failure of a class, up to a minute', () => {
    fc.assert(
      fc.property(otherThanMemory, (failure) => {
        const budget = new RetryBudget()
        const { retries, pause } = retryPolicy[failure]
        const pauses = Array.from({ length: retries }, () => budget.pauseAfter(failure))
        expect(pauses).toEqual(pauses.map((_, index) => Math.min(pause * 2 ** index, 60_000)))
      }),
    )
  })

  it('halves the micro-batch after each OutOfMemory and gives up below one image', () => {
    const budget = new RetryBudget(6)
    expect([budget.reduced, budget.pauseAfter('OutOfMemory')]).toEqual([{}, 0])
    expect([budget.reduced, budget.pauseAfter('OutOfMemory')]).toEqual([{ microBatch: 3 }, 0])
    expect([budget.reduced, budget.pauseAfter('OutOfMemory')]).toEqual([{ microBatch: 1 }, null])
    const narrow = new RetryBudget(64)
    narrow.pauseAfter('OutOfMemory', 16)
    expect(narrow.reduced).toEqual({ microBatch: 8 })
  })

  it('keeps the reduced micro-batch when other failures follow', () => {
    fc.assert(
      fc.property(fc.array(otherThanMemory, { maxLength: 20 }), (failures) => {
        const budget = new RetryBudget(64)
        budget.pauseAfter('OutOfMemory')
        for (const failure of failures) budget.pauseAfter(failure)
        expect(budget.reduced).toEqual({ microBatch: 32 })
      }),
    )
  })

  it('gives up at the first OutOfMemory where there is no micro-batch to reduce', () => {
    expect(new RetryBudget().pauseAfter('OutOfMemory')).toBe(null)
  })
})
