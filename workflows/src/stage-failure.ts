import { failureClassOf, type FailureClass, type StageFailureSummary } from '@gauntlet/contract'
import type { Digest, Perturbation, StageName } from '@gauntlet/study'
import { ApplicationFailure } from '@temporalio/workflow'

/** Why a stage ended without a result. */
export interface StageFailure extends StageFailureSummary {
  readonly stage: StageName
  readonly stageKey?: Digest
}

/** Which stage failed; its key is absent where it has none, such as that of aggregating. */
export type FailedStage = Pick<StageFailure, 'stage' | 'stageKey'>

/** A cell that ends without a number. */
export interface LostCell extends StageFailure {
  readonly perturbation: Perturbation
}

/**
 * A stage failed for good; `type` is the failure class, so that it can be told apart from failures of the workflow's
 * own.
 */
export function stageFailed(
  failureClass: FailureClass,
  { stage, stageKey }: FailedStage,
  message: string,
): ApplicationFailure {
  const details = [{ stage, ...(stageKey ? { stageKey } : {}) }]
  return ApplicationFailure.create({ type: failureClass, message, nonRetryable: true, details })
}

/** Reads what `stageFailed` made; anything else is a bug of the workflow's own and is thrown on. */
export function stageFailureOf(error: unknown): StageFailure {
  if (!(error instanceof ApplicationFailure)) throw error
  const [failed] = error.details as [FailedStage]
  return { ...failed, failureClass: failureClassOf(error.type), message: error.message }
}
