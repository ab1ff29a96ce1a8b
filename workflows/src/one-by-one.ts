import { CancellationScope, condition } from '@temporalio/workflow'

/** Answers that have come, in order; the first is the next to be handed on. */
const arrived: symbol[] = []

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

/** Waits until nothing else is left to do and every answer before has been handed on. */
async function ownTurn(): Promise<void> {
  const answer = Symbol('answer')
  arrived.push(answer)
  let asked = 0
  // The SDK asks once immediately, and then each time the workflow has nothing else to do.
  await CancellationScope.nonCancellable(() => condition(() => asked++ > 0 && arrived[0] === answer))
  arrived.shift()
}
