import type { Fact, FactOf } from '@gauntlet/ledger'

/** The facts about one stage, which stand together in a record. */
export interface StageGroup {
  readonly execution: FactOf<'execution'>
  /** Null where no attempt has succeeded. */
  readonly fulfilment: FactOf<'fulfilment'> | null
  readonly attempts: readonly FactOf<'attempt'>[]
}

type StageFact = FactOf<'execution' | 'fulfilment' | 'attempt' | 'withdrawal'>

function isStageFact(fact: Fact): fact is StageFact {
  return ['execution', 'fulfilment', 'attempt', 'withdrawal'].includes(fact.kind)
}

/** Puts facts that come in the order of a record into groups. */
export class StageGrouper {
  #facts: StageFact[] = []

  /** The group that ends where this fact begins another one; undefined inside a group. */
  add(fact: Fact): StageGroup | undefined {
    const ended = fact.kind === 'execution' || !isStageFact(fact) ? this.end() : undefined
    if (isStageFact(fact)) this.#facts.push(fact)
    return ended
  }

  /** The group that was begun. */
  end(): StageGroup | undefined {
    const facts = this.#facts
    this.#facts = []
    const execution = facts.find((fact) => fact.kind === 'execution')
    if (!execution) return undefined
    return {
      execution,
      fulfilment: facts.find((fact) => fact.kind === 'fulfilment') ?? null,
      attempts: facts.filter((fact) => fact.kind === 'attempt'),
    }
  }
}

/** The attempt that fulfilled a stage. */
export function successOf({ attempts }: StageGroup): FactOf<'attempt'> | undefined {
  return (
    attempts.find(({ outcome }) => outcome === 'fulfilled') ?? attempts.find(({ outcome }) => outcome === 'superseded')
  )
}
