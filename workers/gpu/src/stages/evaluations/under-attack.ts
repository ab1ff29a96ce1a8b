import type { Ball } from '@gauntlet/attacks'
import { evaluateUnderAttack, evaluatorAttacks } from '@gauntlet/evaluation'
import type { Perturbation } from '@gauntlet/study'
import { cleanImages, type EvaluationKind } from './evaluation-kind.ts'

/** Evaluates the test images under the attacks of the perturbation's evaluator, in a ball of this kind. */
export function underAttack(ballOf: (radius: number) => Ball): EvaluationKind {
  return {
    testImages: (images, perturbation) => ({ reader: cleanImages(images), done: perturbation }),
    evaluate(evaluation) {
      const { epsilon, evaluator } = evaluation.perturbation as Extract<Perturbation, { readonly epsilon: number }>
      return evaluateUnderAttack(evaluation, evaluatorAttacks(ballOf(epsilon), evaluator, evaluation.classes))
    },
  }
}
