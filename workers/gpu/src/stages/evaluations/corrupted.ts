import { evaluateWithoutAttack } from '@gauntlet/evaluation'
import type { Perturbation } from '@gauntlet/study'
import { commonImages } from '../corrupted-images.ts'
import type { EvaluationKind } from './evaluation-kind.ts'

/** Evaluates the test images under common corruptions. */
export const corruptedEvaluation: EvaluationKind = {
  testImages(images, perturbation) {
    const corrupted = perturbation as Extract<Perturbation, { readonly name: 'common' }>
    const { reader, evaluator } = commonImages(images, corrupted.evaluator)
    return { reader, done: { ...corrupted, evaluator } }
  },
  evaluate: (evaluation) => evaluateWithoutAttack(evaluation, 'common'),
}
