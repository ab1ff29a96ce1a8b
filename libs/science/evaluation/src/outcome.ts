import { evaluatorLabel, type Digest, type Perturbation, type PerturbationName } from '@gauntlet/study'
import type { Evidence } from './evidence.ts'

/** What one evaluation did to one image. */
export interface Outcome {
  /** Digest of the image's stored bytes. */
  readonly image: Digest
  /** Place in the manifest's test split, from 0. */
  readonly index: number
  readonly label: number
  /** The class at the deciding point: where the image fell, or where it came closest to falling. */
  readonly prediction: number
  /** Correct to the end: the only images that count. */
  readonly held: boolean
  /**
   * `clean` where the unperturbed image is misclassified already, else the attack or corruption that did it; `null`
   * where the image held.
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

/** What a set of outcomes is of; written into its file. */
export interface OutcomeFacts {
  readonly configurationId: Digest
  readonly perturbation: PerturbationName
  /** The ball's radius; `null` where there is no ball. */
  readonly epsilon: number | null
  /** The evaluator's name and strength, as tables show it. */
  readonly evaluator: string
  readonly evidence: Evidence
}

/** The facts of outcomes of `perturbation`; without evidence for as long as the evaluation is under way. */
export function outcomeFacts(
  configurationId: Digest,
  perturbation: Perturbation,
  evidence: Evidence = { flags: [], forwards: 0, backwards: 0 },
): OutcomeFacts {
  const epsilon = 'epsilon' in perturbation ? perturbation.epsilon : null
  return {
    configurationId,
    perturbation: perturbation.name,
    epsilon,
    evaluator: evaluatorLabel(perturbation),
    evidence,
  }
}
