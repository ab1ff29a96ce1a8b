import type { Duration } from '@temporalio/common'
import { CancellationScope, condition as conditionOfSdk } from '@temporalio/workflow'

/** Answers that have come, in order; the first is the next to be handed on. */
const arrived: symbol[] = []

/** How many waits by `condition` have ended. */
let ended = 0

/**
 * Activities whose answers a workflow gets one by one: each once the workflow has done all that it could with the one
 * before. Local activities need it. The SDK wakes a workflow for each answer while they run, but in a replay it brings
 * in one activation those that belong to one workflow task, together with the events before them. Without this, what
 * follows from two answers would be asked for in another order than it was, and the replay would fail, again and again.
 */
export function answeringOneByOne<Activities extends object>(activities: Activities): Activities {
  return new Proxy(activities, {
    get: (_, name) => {
      const activity = Reflect.get(activities, name) as (...input: unknown[]) => Promise<unknown>
      return (...input: unknown[]) => activity(...input).finally(ownTurn)
    },
  })
}

/**
 * The SDK's `condition`, which workflows must not use by itself beside answers one by one: an answer could not see that
 * a wait has ended in its moment, whose consequences come first.
 */
export function condition(ready: () => boolean): Promise<void>
export function condition(ready: () => boolean, timeout: Duration): Promise<boolean>
export function condition(ready: () => boolean, timeout?: Duration): Promise<boolean | void> {
  const counted = () => ready() && ++ended > 0
  return timeout === undefined ? conditionOfSdk(counted) : conditionOfSdk(counted, timeout)
}

/** Waits until all that follows from what has come is done. */
export function settled(): Promise<void> {
  let asked = 0
  return condition(() => asked++ > 0) // It is asked once immediately, and again when nothing else is left to do.
}

/** Waits until nothing else is left to do, no other wait has ended, and every answer before has been handed on. */
async function ownTurn(): Promise<void> {
  const answer = Symbol('answer')
  arrived.push(answer)
  let before: number
  do {
    before = ended
    let asked = 0
    // The SDK asks once immediately, and then each time the workflow has nothing else to do.
    await CancellationScope.nonCancellable(() => conditionOfSdk(() => asked++ > 0 && arrived[0] === answer))
  } while (before !== ended)
  arrived.shift()
}
