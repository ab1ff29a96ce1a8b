import { Context } from '@temporalio/activity'

/** A tenth of the time after which the workflows take an activity of the ledger for lost. */
const everyMilliseconds = 2_000

/**
 * The same activities, telling Temporal every two seconds that they are at work. A task that a busy server hands out
 * and loses on the way is then tried again within seconds instead of after the longest time that hashing a large
 * artifact may take.
 */
export function heartbeating<
  Activities extends { readonly [name in keyof Activities]: (input: never) => Promise<unknown> },
>(activities: Activities): Activities {
  const entries = Object.entries<(input: never) => Promise<unknown>>(activities)
  return Object.fromEntries(entries.map(([name, activity]) => [name, withHeartbeat(activity)])) as Activities
}

function withHeartbeat(activity: (input: never) => Promise<unknown>) {
  return async (input: never): Promise<unknown> => {
    const context = Context.current()
    const timer = setInterval(() => context.heartbeat(), everyMilliseconds)
    try {
      return await activity(input)
    } finally {
      clearInterval(timer)
    }
  }
}
