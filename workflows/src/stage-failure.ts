import {
  failureClassOf,
  type AttemptEvidence,
  type FailureClass,
  type StageFailureSummary,
} from '@gauntlet/contract'
import type { Digest, Perturbation, StageName } from '@gauntlet/study'
import { ApplicationFailure } from '@temporalio/workflow'

/** Why a stage ended without a result. */
export interface StageFailure extends StageFailureSummary {
  readonly stage: StageName
  readonly stageKey?: Digest
  readonly failureClass: FailureClass
  /** The artifact that it could not read. */
  readonly lostArtifact?: Digest
}

/** The stage that failed. Its key is absent where it has none, as aggregate. */
export type FailedStage = Pick<StageFailure, 'stage' | 'stageKey' | 'lostArtifact'>

/** A cell that ends without a number. */
export interface FailedCell extends StageFailure {
  readonly perturbation: Perturbation
}

/**
 * The error of a stage that failed for good. Its `type` is the failure class, by which it differs from the workflow's
 * own errors.
 */
export function stageFailed(
  failureClass: FailureClass,
  { stage, stageKey }: FailedStage,
  message: string,
  { lostArtifact }: Pick<Partial<AttemptEvidence>, 'lostArtifact'> = {},
): ApplicationFailure {
  const failed: FailedStage = { stage, ...(stageKey ? { stageKey } : {}), ...(lostArtifact ? { lostArtifact } : {}) }
  return ApplicationFailure.create({ type: failureClass, message, nonRetryable: true, details: [failed] })
}

/** Reads an error that `stageFailed` made. Any other error is a bug of the workflow itself and is thrown again. */
export function stageFailureOf(error: unknown): StageFailure {
  if (!(error instanceof ApplicationFailure)) throw error
  const [failed] = error.details as [FailedStage]
  return { ...failed, failureClass: failureClassOf(error.type), message: error.message }
}
