import { evaluateWithoutAttack } from '@gauntlet/evaluation'
import { cleanImages, type EvaluationKind } from './evaluation-kind.ts'

/** Evaluates the test images as they are. */
export const cleanEvaluation: EvaluationKind = {
  testImages: (images, perturbation) => ({ reader: cleanImages(images), done: perturbation }),
  evaluate: (evaluation) => evaluateWithoutAttack(evaluation, 'clean'),
}
