import {
  apgdAttack,
  attacksOf,
  crossEntropy,
  ensembleOf,
  escalationOf,
  l1,
  l2,
  linf,
  type Attack,
  type Ball,
  type EnsembleName,
} from '@gauntlet/attacks'
import type { Perturbation } from '@gauntlet/study'

export type AttackPerturbation = Extract<Perturbation, { readonly epsilon: number }>

/** The attacks that an evaluator stands for. */
export interface EvaluatorAttacks {
  readonly ball: Ball
  readonly attacks: readonly Attack[]
  /** How many attacks of the ensemble the number of classes does not allow. */
  readonly leftOut: number
  /** What it goes on with where its flags ask for more; none where it only says so. */
  readonly escalation: readonly Attack[]
}

const balls: Record<AttackPerturbation['name'], (epsilon: number) => Ball> = { Linf: linf, L2: l2, L1: l1 }

/** What `evaluator` runs within the perturbation's ball against a model of `classes` classes. */
export function evaluatorAttacks({ name, epsilon, evaluator }: AttackPerturbation, classes: number): EvaluatorAttacks {
  const ball = balls[name](epsilon)
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
 * The attacks of an ensemble in a ball; `apgd-ce` is here the first attack of `standard`, in L1 with an opening, five
 * restarts and three phases.
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

/** The ball of a norm. */
export function ballOf(norm: AttackPerturbation['name'], epsilon: number): Ball {
  return balls[norm](epsilon)
}
