import type { EnsembleProgress, EnsembleVerdict, frozenNetwork, LogitsFunction } from '@gauntlet/attacks'
import type { Perturbation } from '@gauntlet/study'
import type { Evidence } from './evidence.ts'
import type { ImageReader } from './image-reader.ts'
import type { Outcome } from './outcome.ts'

/** One evaluation: a model, the test images and how to perturb them. */
export interface Evaluation {
  readonly perturbation: Perturbation
  readonly seed: number
  readonly logits: LogitsFunction
  /** The same model as a function of its parameters, where long attacks are to be captured as programs. */
  readonly network?: CapturableModel | undefined
  /** Classes of the model: attacks aim at no more. */
  readonly classes: number
  readonly reader: ImageReader
  /**
   * Most images that are read and judged together, and no more than a pass has rows (`passRows`); no bit of an outcome
   * depends on it.
   */
  readonly chunkSize: number
  /** Awaited after every chunk, or block of attack steps. */
  readonly onProgress?: ((progress: EvaluationProgress) => Promise<void> | void) | undefined
  /** What an earlier attempt at the same evaluation had saved; what is done in it is not done again. */
  readonly resumeFrom?: SavedEvaluation | undefined
  /** Given each adversarial image as it is found, [height · width · 3]. */
  readonly onFallen?: ((index: number, image: Float32Array) => void) | undefined
  /** Asked between blocks and between chunks. */
  readonly signal?: AbortSignal | undefined
}

/** An evaluation whose attacks are given, and with them the perturbation. */
export type AttackEvaluation = Omit<Evaluation, 'perturbation' | 'classes'>

/** A model without host reads or random numbers, and its parameters, which stay the caller's. */
export interface CapturableModel {
  readonly model: Parameters<typeof frozenNetwork>[0]
  readonly parameters: Parameters<typeof frozenNetwork>[1]
}

/** How far an evaluation is. */
export interface EvaluationProgress {
  /** In images; under attack an image that still holds counts as the share of its attacks that it has been through. */
  readonly done: number
  readonly total: number
  /**
   * What is needed to go on from here. Under attack it copies the state of the attack from the device, which takes a
   * while.
   */
  save(): Promise<SavedEvaluation>
}

/**
 * Outcomes of the first images, in order; or under attack where the ensemble stands: with `before`, the verdicts of the
 * evaluator's own attacks, it is the escalation's against what held.
 */
export type SavedEvaluation =
  | { readonly kind: 'outcomes'; readonly outcomes: readonly Outcome[] }
  | { readonly kind: 'ensemble'; readonly ensemble: EnsembleProgress; readonly before?: readonly EnsembleVerdict[] }

/** The outcome of every test image, in order, and what is to be known of how it was found. */
export interface Evaluated {
  readonly outcomes: Outcome[]
  readonly evidence: Evidence
}
