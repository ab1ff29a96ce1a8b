import type { FailedAttemptInput, FulfilInput } from '@gauntlet/contract'
import type { Attempt } from '@gauntlet/ledger'
import type { Json } from '@gauntlet/study'

/**
 * An attempt as the ledger keeps it. One attempt of one workflow run has one id, however often it is reported. What a
 * lost worker could not say of itself is filled in.
 */
export function reportedAttempt(
  { attempt, workflow, environment }: Pick<FulfilInput, 'attempt' | 'workflow' | 'environment'>,
  evidence: FailedAttemptInput['evidence'],
): Attempt {
  const {
    worker = 'unknown',
    device = null,
    startedAt = new Date().toISOString(),
    endedAt = null,
    ...details
  } = evidence
  const id = `${workflow.runId}/${attempt}`
  return { id, number: attempt, worker, device, startedAt, endedAt, ...workflow, environment, details: details as Json }
}
