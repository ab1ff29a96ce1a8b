import type { EnsembleEvaluator } from '@gauntlet/study'

/** What every probe is asked: one model on given weights and images. Paths are absolute. */
export interface ProbedModel {
  readonly backbone: string
  readonly weights: string
  readonly inputs: string
  /** Null: as many as the head of the weights has. */
  readonly classes: number | null
  readonly contract: 'paper' | 'native' | 'none'
}

/** `gauntlet probe forward`: logits, and on request the gradient of the mean cross-entropy by the pixels. */
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
  /** Where the images go, adversarial where one was found; null: nowhere. */
  readonly out: string | null
  /** Where a picture of them goes; null: nowhere. */
  readonly sheet: string | null
  readonly norm: 'Linf' | 'L2' | 'L1'
  /** Of the [0, 1] pixel range; 0 asks for nothing but the clean answers. */
  readonly epsilon: number
  readonly evaluator: 'apgd-ce' | EnsembleEvaluator['name']
  /** Goes on against what held where the flags ask for more. */
  readonly escalate: boolean
  readonly seed: number
}

/** What `gauntlet probe attack --json` prints. Arrays have one element an image, in the order of the inputs. */
export interface AttackReport {
  readonly n: number
  readonly clean_correct: readonly boolean[]
  readonly robust: readonly boolean[]
  /** The attack that felled an image; `clean` where it was wrong unperturbed; null where it held. */
  readonly felled_by: readonly (string | null)[]
  /** The norm of the offset at the deciding point: where the image fell, or where it came closest to. */
  readonly distance: readonly number[]
  /** Reasons to doubt the verdicts, each with what was measured, the limit it passed, and what to do about it. */
  readonly flags: readonly {
    readonly name: string
    readonly value: number
    readonly limit: number
    readonly policy: 'mark' | 'escalate' | 'refuse'
  }[]
  /** Passes through the model, an image at a time. */
  readonly forwards: number
  readonly backwards: number
  /** The attacks it went on with, on how many images, and how many of these fell; absent where it did not. */
  readonly escalation?: { readonly attacks: readonly string[]; readonly attacked: number; readonly felled: number }
}

/** What `gauntlet` sends the probe's process, one verb a kind. */
export type ProbeRequest = ForwardProbe | CorruptProbe | AttackProbe

/** What the probe's process answers: any number of `progress`, then one of the others. */
export type ProbeAnswer =
  | { readonly type: 'progress'; readonly done: number; readonly total: number }
  /** `summary`: one line saying what was written. */
  | { readonly type: 'done'; readonly summary: string }
  /** The input is wrong and nothing was written; `message` says what to change. */
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'failed'; readonly message: string; readonly stack: string }
