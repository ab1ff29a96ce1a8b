import { failureClassOfError } from '@gauntlet/contract'
import { ApplicationFailure, Context } from '@temporalio/activity'

/** How often an activity that fails by a bug is tried. */
const triesOfBugs = 3

/**
 * The same activities, whose errors say their failure class and whether a retry is in vain: only storage and network are
 * asked again, and a bug a few times.
 */
export function classed<
  Activities extends { readonly [name in keyof Activities]: (input: never) => Promise<unknown> },
>(activities: Activities): Activities {
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
export function asFailure(error: unknown, attempt: number): ApplicationFailure {
  const { name, message, digest } = error as { readonly name: string; readonly message: string; readonly digest?: string }
  const type = failureClassOfError(error)
  const nonRetryable = type === 'Bug' ? attempt >= triesOfBugs : type !== 'Transient'
  const details = type === 'ArtifactLost' && digest ? [{ lostArtifact: digest }] : []
  const said = type === 'Bug' && error instanceof Error ? `${name}: ${message}` : error instanceof Error ? message : String(error)
  return ApplicationFailure.create({ type, message: said, nonRetryable, details, cause: error instanceof Error ? error : undefined })
}
