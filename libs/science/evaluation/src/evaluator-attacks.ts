import {
  apgdAttack,
  attacksOf,
  crossEntropy,
  ensembleOf,
  escalationOf,
  type Attack,
  type Ball,
  type EnsembleName,
} from '@gauntlet/attacks'
import type { Perturbation } from '@gauntlet/study'

export type AttackPerturbation = Extract<Perturbation, { readonly epsilon: number }>

/** The attacks of an evaluator. */
export interface EvaluatorAttacks {
  readonly ball: Ball
  readonly attacks: readonly Attack[]
  /** How many attacks of the ensemble the number of classes does not allow. */
  readonly leftOut: number
  /** The attacks that it goes on with where its flags ask for more; none where it only notes them. */
  readonly escalation: readonly Attack[]
}

/** The attacks that an evaluator runs in a ball against a model of `classes` classes. */
export function evaluatorAttacks(
  ball: Ball,
  evaluator: AttackPerturbation['evaluator'],
  classes: number,
): EvaluatorAttacks {
  if (evaluator.name === 'apgd-ce') {
    return {
      ball,
      attacks: [apgdAttack({ ...evaluator, ball, loss: crossEntropy, targets: 0 })],
      leftOut: 0,
      escalation: [],
    }
  }
  return ensembleAttacks(evaluator.name, ball, classes, evaluator)
}

/**
 * The attacks of an ensemble in a ball. Here `apgd-ce` is the first attack of `standard`, which has an opening, five
 * restarts and three phases in L1.
 */
export function ensembleAttacks(
  name: EnsembleName,
  ball: Ball,
  classes: number,
  { escalate = false }: { readonly escalate?: boolean } = {},
): EvaluatorAttacks {
  const ensemble = ensembleOf(name, ball.norm, classes)
  const escalation = escalate ? attacksOf({ entries: escalationOf(classes) }, ball) : []
  return { ball, attacks: attacksOf(ensemble, ball), leftOut: ensemble.leftOut.length, escalation }
}
