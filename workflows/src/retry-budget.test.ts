import { retryPolicy, type FailureClass } from '@gauntlet/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RetryBudget } from './retry-budget.ts'

const classes = Object.keys(retryPolicy) as FailureClass[]
const anyClass = fc.constantFrom(...classes)

describe('RetryBudget', () => {
  it('ends a stage exactly when one class has failed more often than its own budget allows', () => {
    fc.assert(
      fc.property(fc.array(anyClass, { maxLength: 200 }), (failures) => {
        const budget = new RetryBudget()
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
      fc.property(anyClass, (failure) => {
        const budget = new RetryBudget()
        const { retries, pause } = retryPolicy[failure]
        const pauses = Array.from({ length: retries }, () => budget.pauseAfter(failure))
        expect(pauses).toEqual(pauses.map((_, index) => Math.min(pause * 2 ** index, 60_000)))
      }),
    )
  })
})
