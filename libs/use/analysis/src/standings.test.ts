import type { EvaluationFlag, FlagPolicy } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { standings, type FlaggedCount } from './standings.ts'

const flag = (policy: FlagPolicy): EvaluationFlag => ({ name: 'saturated', value: 0.5, limit: 0.1, policy })
const count = (correct: number, flags: EvaluationFlag[] = []): FlaggedCount => ({ correct, total: 10, flags })

it('ranks by the sum of the accuracies, equals sharing the better rank', () => {
  const found = standings([[count(5), count(1)], [count(9), count(4)], [count(3), count(3)], [count(2)]])
  expect(found.map(({ rank }) => rank)).toEqual([2, 1, 2, 4])
  expect(found[1]!.scores!.sum).toBeCloseTo(1.3, 12)
})

it('ranks sums alike that differ by the order of their additions alone', () => {
  const found = standings([[count(1), count(2), count(3)], [count(3), count(2), count(1)], [count(5)]])
  expect(found[0]!.scores!.sum).not.toBe(found[1]!.scores!.sum)
  expect(found.map(({ rank }) => rank)).toEqual([1, 1, 3])
})

it('keeps out of the ranking, with the reason, what a flag refuses, however good it looks', () => {
  const [refused, other] = standings([
    [count(9), count(9, [flag('refuse')])],
    [count(1), count(1)],
  ])
  expect(refused).toEqual({
    rank: null,
    scores: null,
    refusals: [{ count: 1, reason: expect.stringMatching(/0.5 .*logits so far apart/) }],
  })
  expect(other).toMatchObject({ rank: 1, refusals: [] })
})

it('ranks what is flagged otherwise, and not what misses a number', () => {
  const found = standings([[count(9, [flag('mark'), flag('escalate')])], [null]])
  expect(found).toMatchObject([
    { rank: 1, refusals: [] },
    { rank: null, scores: null, refusals: [] },
  ])
})
