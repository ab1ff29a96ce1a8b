import type { Flag, FlagPolicy } from '@gauntlet/attacks'

/** What is to be known of how a robust accuracy was found, stored beside it. */
export interface Evidence {
  /** Reasons to doubt it, each with the number that gave it and what to do about it. */
  readonly flags: readonly Flag[]
  /** Passes through the model, of all images together. */
  readonly forwards: number
  readonly backwards: number
  /**
   * The attacks it went on with because its flags asked for more; absent where they did not, or the evaluator does not
   * go on.
   */
  readonly escalation?: Escalation
}

/** What became of the images that had held when the flags asked for more. */
export interface Escalation {
  /** Names, in order. */
  readonly attacks: readonly string[]
  readonly attacked: number
  readonly felled: number
}

/** From the mildest on. */
const policies: readonly FlagPolicy[] = ['mark', 'escalate', 'refuse']

/**
 * The strictest policy among the flags: a number is believed only as far as its worst flag allows; null where there is
 * none.
 */
export function strictestPolicy(flags: readonly Flag[]): FlagPolicy | null {
  const strictest = Math.max(-1, ...flags.map(({ policy }) => policies.indexOf(policy)))
  return policies[strictest] ?? null
}
