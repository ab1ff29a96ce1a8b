/**
 * What follows from a flag: `refuse` keeps the accuracy out of a ranking, `escalate` asks for a stronger evaluation
 * (more queries, more restarts or `rand`) before it is believed, `mark` only notes the doubt.
 */
export type FlagPolicy = 'refuse' | 'escalate' | 'mark'

/** A reason to doubt a robust accuracy. */
export interface EvaluationFlag {
  readonly name: string
  /** The number that was measured, and the limit that it passed. */
  readonly value: number
  readonly limit: number
  readonly policy: FlagPolicy
}
