import { explainFailure } from '@gauntlet/contract'
import { ApplicationFailure, Context } from '@temporalio/activity'

/** How often an activity that fails by a bug is tried. */
const triesOfBugs = 3

/**
 * The same activities, whose errors say their failure class and whether a retry is in vain: only storage and network
 * are asked again, and a bug a few times.
 */
export function classed<Activities extends { readonly [name in keyof Activities]: (input: never) => Promise<unknown> }>(
  activities: Activities,
): Activities {
  const entries = Object.entries<(input: never) => Promise<unknown>>(activities)
  return Object.fromEntries(entries.map(([name, activity]) => [name, classing(activity)])) as Activities
}

function classing(activity: (input: never) => Promise<unknown>) {
  return async (input: never): Promise<unknown> => {
    try {
      return await activity(input)
    } catch (error) {
      throw asFailure(error, Context.current().info.attempt)
    }
  }
}

/** The error as Temporal is told it on this attempt, with the digest of the artifact that was lost. */
export function asFailure(thrown: unknown, attempt: number): ApplicationFailure {
  const { failureClass, message, lostArtifact } = explainFailure(thrown)
  return ApplicationFailure.create({
    type: failureClass,
    message,
    nonRetryable: failureClass === 'Bug' ? attempt >= triesOfBugs : failureClass !== 'Transient',
    details: lostArtifact ? [{ lostArtifact }] : [],
    cause: thrown instanceof Error ? thrown : new Error(String(thrown)),
  })
}
