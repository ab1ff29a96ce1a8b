import type { EnsembleEvaluator, EvaluationFlag } from '@gauntlet/study'
import type { NotDone } from './process-answers.ts'

/** The part of a probe's request that names the model, its weights and its images. Paths are absolute. */
export interface ProbedModel {
  readonly backbone: string
  readonly weights: string
  readonly inputs: string
  /** Classes of the head; null for as many as the weights have. */
  readonly classes: number | null
  readonly contract: 'paper' | 'native' | 'none'
}

/**
 * `gauntlet probe forward`: logits, and on request the gradient of the mean cross-entropy with respect to the pixels.
 */
export interface ForwardProbe extends ProbedModel {
  readonly verb: 'forward'
  readonly out: string
  readonly gradients: boolean
}

/** `gauntlet probe corrupt`: images under one corruption. Paths are absolute. */
export interface CorruptProbe {
  readonly verb: 'corrupt'
  readonly inputs: string
  readonly out: string
  readonly corruption: string
  readonly severity: number
  readonly seed: number
}

/** `gauntlet probe attack`: an evaluator's verdict on each image; its summary is an `AttackReport` as JSON. */
export interface AttackProbe extends ProbedModel {
  readonly verb: 'attack'
  /** File for the images, each replaced by its adversarial example where one was found; null to write none. */
  readonly out: string | null
  /** File for a contact sheet of the images; null to write none. */
  readonly sheet: string | null
  readonly norm: 'Linf' | 'L2' | 'L1'
  /** Radius in units of the [0, 1] pixel range; 0 evaluates the clean images alone. */
  readonly epsilon: number
  readonly evaluator: 'apgd-ce' | EnsembleEvaluator['name']
  /** Whether further attacks run on the images that held, where the flags ask for it. */
  readonly escalate: boolean
  readonly seed: number
}

/** What `gauntlet probe attack --json` prints. Arrays have one element per image, in the order of the inputs. */
export interface AttackReport {
  readonly n: number
  readonly clean_correct: readonly boolean[]
  readonly robust: readonly boolean[]
  /** The attack that felled an image; `clean` where the image was misclassified unperturbed; null where it held. */
  readonly felled_by: readonly (string | null)[]
  /** The norm of the perturbation at the deciding point: where the image fell, or where its margin was smallest. */
  readonly distance: readonly number[]
  /** Reasons to doubt the verdicts. */
  readonly flags: readonly EvaluationFlag[]
  /** Passes through the model, counted per image. */
  readonly forwards: number
  readonly backwards: number
  /** The further attacks, how many images they attacked, and how many of these fell; absent without an escalation. */
  readonly escalation?: { readonly attacks: readonly string[]; readonly attacked: number; readonly felled: number }
}

/** What `gauntlet` sends to the probe's process, one kind of request for each verb. */
export type ProbeRequest = ForwardProbe | CorruptProbe | AttackProbe

/** What the probe's process answers: any number of `progress`, then one of the others. */
export type ProbeAnswer =
  | { readonly type: 'progress'; readonly done: number; readonly total: number }
  /** `summary`: one line saying what was written. */
  | { readonly type: 'done'; readonly summary: string }
  | NotDone
