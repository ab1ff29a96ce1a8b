import { ballOf } from '@gauntlet/attacks'
import type { Evaluated, Evaluation } from './evaluation.ts'
import { evaluatorAttacks } from './evaluator-attacks.ts'
import { evaluateUnderAttack } from './under-attack.ts'
import { evaluateWithoutAttack } from './without-attack.ts'

/**
 * Evaluates every test image. Noise is keyed by image, so that an evaluation gives the same bits in batches of any
 * size, interrupted and resumed, and in shards.
 */
export async function evaluate(evaluation: Evaluation): Promise<Evaluated> {
  const { perturbation } = evaluation
  if (perturbation.name === 'clean' || perturbation.name === 'common')
    return evaluateWithoutAttack(evaluation, perturbation.name)
  const { name, epsilon, evaluator } = perturbation
  return evaluateUnderAttack(evaluation, evaluatorAttacks(ballOf(name, epsilon), evaluator, evaluation.classes))
}
