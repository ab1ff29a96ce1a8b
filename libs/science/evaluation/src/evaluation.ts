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
  /** The same model as a function of its parameters. Where it is given, long attacks are captured as programs. */
  readonly network?: CapturableModel | undefined
  /** Number of classes of the model, which limits the targets of attacks. */
  readonly classes: number
  readonly reader: ImageReader
  /**
   * Most images that are read and evaluated together, and no more than a pass has rows (`passRows`). No bit of an
   * outcome depends on it.
   */
  readonly batchSize: number
  /** Awaited after every batch, or under attack after every block of steps. */
  readonly onProgress?: ((progress: EvaluationProgress) => Promise<void> | void) | undefined
  /** What an earlier attempt at the same evaluation saved. What was done by then is not done again. */
  readonly resumeFrom?: SavedEvaluation | undefined
  /** Called with each adversarial image as it is found, [height · width · 3]. */
  readonly onFallen?: ((index: number, image: Float32Array) => void) | undefined
  /** Checked between batches, or under attack between blocks. */
  readonly signal?: AbortSignal | undefined
}

/** An evaluation whose attacks are given, and with them the perturbation. */
export type AttackEvaluation = Omit<Evaluation, 'perturbation' | 'classes'>

/** A model that reads nothing to the host and draws no random numbers, and its parameters, which stay the caller's. */
export interface CapturableModel {
  readonly model: Parameters<typeof frozenNetwork>[0]
  readonly parameters: Parameters<typeof frozenNetwork>[1]
}

/** How far an evaluation is. */
export interface EvaluationProgress {
  /** In images. Under attack, an image that still holds counts by the share of its attacks that are done. */
  readonly done: number
  readonly total: number
  /**
   * Gives what is needed to go on from here. Under attack it copies the attack's state from the device, which takes a
   * while.
   */
  save(): Promise<SavedEvaluation>
}

/**
 * How far an evaluation is: the outcomes of the first images, in order, or under attack the progress of the ensemble.
 * With `before`, the verdicts of the evaluator's own attacks, that is the progress of the escalation.
 */
export type SavedEvaluation =
  | { readonly kind: 'outcomes'; readonly outcomes: readonly Outcome[] }
  | { readonly kind: 'ensemble'; readonly ensemble: EnsembleProgress; readonly before?: readonly EnsembleVerdict[] }

/** The outcome of every test image, in order, and how they were found. */
export interface Evaluated {
  readonly outcomes: Outcome[]
  readonly evidence: Evidence
}
