/** What every probe is asked: one model on given weights and images. Paths are absolute. */
export interface ProbedModel {
  readonly backbone: string
  readonly weights: string
  readonly inputs: string
  readonly out: string
  /** Null: as many as the head of the weights has. */
  readonly classes: number | null
  readonly contract: 'paper' | 'native' | 'none'
}

/** `gauntlet probe forward`: logits, and on request the gradient of the mean cross-entropy by the pixels. */
export interface ForwardProbe extends ProbedModel {
  readonly verb: 'forward'
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

/** What `gauntlet` sends the probe's process, one verb a kind. */
export type ProbeRequest = ForwardProbe | CorruptProbe

/** What the probe's process answers: any number of `progress`, then one of the others. */
export type ProbeAnswer =
  | { readonly type: 'progress'; readonly done: number; readonly total: number }
  /** `summary`: one line saying what was written. */
  | { readonly type: 'done'; readonly summary: string }
  /** The input is wrong and nothing was written; `message` says what to change. */
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'failed'; readonly message: string; readonly stack: string }
