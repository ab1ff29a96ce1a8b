import type { Flag } from '@gauntlet/attacks'
import type { FlagPolicy } from '@gauntlet/study'

/** How an accuracy was found, stored beside it. */
export interface Evidence {
  /** Reasons to doubt it, each with the number that raised it and what follows from it. */
  readonly flags: readonly Flag[]
  /** Passes of single images through the model, all together. */
  readonly forwards: number
  readonly backwards: number
  /** The attacks that the evaluator went on with. Absent where its flags asked for no more, or it does not go on. */
  readonly escalation?: Escalation
}

/** What became of the images that had held until the escalation. */
export interface Escalation {
  /** The names of its attacks, in order. */
  readonly attacks: readonly string[]
  readonly attacked: number
  readonly felled: number
}

/** The policies, from the mildest to the strictest. */
const policies: readonly FlagPolicy[] = ['mark', 'escalate', 'refuse']

/** The strictest policy among the flags, which decides how far an accuracy is believed; null where there is no flag. */
export function strictestPolicy(flags: readonly Flag[]): FlagPolicy | null {
  const strictest = Math.max(-1, ...flags.map(({ policy }) => policies.indexOf(policy)))
  return policies[strictest] ?? null
}
