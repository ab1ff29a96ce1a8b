import { keepCompiledPrograms, onCpuPlugin, onTensorflow } from '@gauntlet/engine/fixtures/cpu-plugin'
import type { Perturbation } from '@gauntlet/study'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { evaluate } from './evaluate.ts'
import type { Evaluated, SavedEvaluation } from './evaluation.ts'
import { outcomeFacts } from './outcome.ts'
import { encodeOutcomes } from './outcomes-file.ts'
import { disposeModel, evaluationOf, killed } from './testing/captured-evaluation.ts'

vi.setConfig({ testTimeout: 300_000 }) // XLA compiles for long on a CPU that others use
keepCompiledPrograms()
afterAll(disposeModel)

const heldIn = ({ outcomes }: Evaluated) => outcomes.map(({ held }) => held)

describe('an evaluation by a PJRT plugin', () => {
  it.each<Perturbation>([
    { name: 'Linf', epsilon: 0.1, evaluator: { name: 'standard' } },
    { name: 'L2', epsilon: 1.6, evaluator: { name: 'standard' } },
  ])('finds which images AutoAttack `standard` fells in the $name ball, as with TensorFlow', async (perturbation) => {
    const expected = heldIn(await onTensorflow(() => evaluate(evaluationOf(perturbation))))
    expect(new Set(expected)).toEqual(new Set([true, false]))
    const found = heldIn(await onCpuPlugin(() => evaluate(evaluationOf(perturbation))))
    // Attacks step by signs of gradients, so that another order of sums can end on the other side of a boundary.
    expect(found.filter((held, i) => held !== expected[i]).length).toBeLessThanOrEqual(1)
  })

  it('gives the same bytes after three kills as undisturbed', () =>
    onCpuPlugin(async () => {
      const perturbation: Perturbation = { name: 'Linf', epsilon: 0.1, evaluator: { name: 'standard' } }
      const bytesOf = ({ outcomes, evidence }: Evaluated) =>
        encodeOutcomes(outcomes, outcomeFacts(perturbation, evidence))
      const whole = bytesOf(await evaluate(evaluationOf(perturbation)))
      let resumeFrom: SavedEvaluation | undefined
      for (const blocks of [3, 11, 40]) resumeFrom = await killed(evaluationOf(perturbation, { resumeFrom }), blocks)
      expect(bytesOf(await evaluate(evaluationOf(perturbation, { resumeFrom })))).toEqual(whole)
    }))
})
