import { evaluatorLabel, type Digest, type Perturbation, type PerturbationName } from '@gauntlet/study'
import type { Evidence } from './evidence.ts'

/** What one evaluation did to one image. */
export interface Outcome {
  /** Digest of the image's stored bytes. */
  readonly image: Digest
  /** Index in the manifest's test split, from 0. */
  readonly index: number
  readonly label: number
  /** The class predicted at the deciding point: where the image fell, or where it came closest to it. */
  readonly prediction: number
  /** Whether the image was classified correctly to the end; only such images count as correct. */
  readonly held: boolean
  /**
   * The attack or corruption that felled the image; `clean` where it is misclassified unperturbed, `null` where it
   * held.
   */
  readonly felledBy: string | null
  /** Which run of that attack it was (restart or target class), from 0; `null` where no attack felled the image. */
  readonly run: number | null
  /** Logit of the label minus the largest other, at the deciding point; float32. */
  readonly margin: number
  /**
   * Norm of the deciding point's offset from the image, in the perturbation's ball, float32; `null` where there is no
   * ball.
   */
  readonly distance: number | null
}

/** What was evaluated and how, as a file of outcomes says it. */
export interface OutcomeFacts {
  readonly perturbation: PerturbationName
  /** The ball's radius; `null` where there is no ball. */
  readonly epsilon: number | null
  /** The evaluator's name and strength, as tables show it. */
  readonly evaluator: string
  readonly evidence: Evidence
}

/** The facts of outcomes under `perturbation`; the evidence is left out while the evaluation is under way. */
export function outcomeFacts(
  perturbation: Perturbation,
  evidence: Evidence = { flags: [], forwards: 0, backwards: 0 },
): OutcomeFacts {
  const epsilon = 'epsilon' in perturbation ? perturbation.epsilon : null
  return {
    perturbation: perturbation.name,
    epsilon,
    evaluator: evaluatorLabel(perturbation),
    evidence,
  }
}
