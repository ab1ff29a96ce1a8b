import { Context } from '@temporalio/activity'

/** A tenth of the heartbeat time-out that the workflows set for the ledger's activities. */
const everyMilliseconds = 2_000

/**
 * The same activities, each of which sends a heartbeat every two seconds. Without heartbeats a task that a busy server
 * handed out and lost would be tried again only after the hour that hashing a large artifact may take.
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
