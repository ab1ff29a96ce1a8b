import { digestOfBytes, type Perturbation } from '@gauntlet/study'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { evaluate } from './evaluate.ts'
import type { Evaluated, SavedEvaluation } from './evaluation.ts'
import { outcomeFacts } from './outcome.ts'
import { encodeOutcomes } from './outcomes-file.ts'
import { disposeModel, evaluationOf, killed } from './testing/captured-evaluation.ts'

afterAll(disposeModel)

const digestOfFile = ({ outcomes, evidence }: Evaluated, perturbation: Perturbation) =>
  digestOfBytes(encodeOutcomes(outcomes, outcomeFacts(perturbation, evidence)))

describe.each<Perturbation>([
  { name: 'Linf', epsilon: 0.1, evaluator: { name: 'apgd-ce+t' } },
  { name: 'L2', epsilon: 1.6, evaluator: { name: 'apgd-ce+t' } },
  { name: 'L1', epsilon: 11, evaluator: { name: 'apgd-ce', iterations: 60, restarts: 2 } },
])('the outcomes file of captured attacks in the $name ball', (perturbation) => {
  let evaluated: Evaluated
  let expected: string
  beforeAll(async () => {
    evaluated = await evaluate(evaluationOf(perturbation))
    expected = digestOfFile(evaluated, perturbation)
  })

  it('has images that held and images that fell', () => {
    expect(new Set(evaluated.outcomes.map(({ held }) => held))).toEqual(new Set([true, false]))
  })

  it('is the same where passes become as narrow as they can', async () => {
    let blocks = 0 // Every block takes a second and loading a program none, so that another one always pays.
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => 1000 * blocks++)
    const narrower = evaluate(evaluationOf(perturbation)).finally(() => clock.mockRestore())
    expect(digestOfFile(await narrower, perturbation)).toBe(expected)
  })

  it.each([
    [1, [3, 11, 40]],
    [16, [2, 3, 4]],
    [100, [1, 5, 2]],
  ])(
    'is the same in batches of %i, undisturbed and after three kills',
    async (batchSize, kills) => {
      expect(digestOfFile(await evaluate(evaluationOf(perturbation, { batchSize })), perturbation)).toBe(expected)
      let resumeFrom: SavedEvaluation | undefined
      for (const blocks of kills)
        resumeFrom = await killed(evaluationOf(perturbation, { batchSize, resumeFrom }), blocks)
      expect(digestOfFile(await evaluate(evaluationOf(perturbation, { batchSize, resumeFrom })), perturbation)).toBe(
        expected,
      )
    },
    60_000,
  )
})
