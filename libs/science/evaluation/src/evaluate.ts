import { evaluateAsTheyAre } from './as-they-are.ts'
import type { Evaluated, Evaluation } from './evaluation.ts'
import { evaluatorAttacks } from './evaluator-attacks.ts'
import { evaluateUnderAttack } from './under-attack.ts'

/**
 * Evaluates every test image. Noise is keyed by image: an evaluation gives the same bits in chunks of any size,
 * interrupted and resumed, and from shards.
 */
export async function evaluate(evaluation: Evaluation): Promise<Evaluated> {
  const { perturbation } = evaluation
  if (perturbation.name === 'clean' || perturbation.name === 'common')
    return evaluateAsTheyAre(evaluation, perturbation.name)
  return evaluateUnderAttack(evaluation, evaluatorAttacks(perturbation, evaluation.classes))
}
