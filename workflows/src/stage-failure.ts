import type { AttemptEvidence, FailureClass, StageFailureSummary } from '@gauntlet/contract'
import type { Digest, Perturbation, StageName } from '@gauntlet/study'

/** The stage that failed. Its key is absent where it has none, as aggregate. */
export interface FailedStage {
  readonly stage: StageName
  readonly stageKey?: Digest
}

/** Why a stage ended without a result. */
export interface StageFailure extends StageFailureSummary, FailedStage {
  readonly failureClass: FailureClass
  /** The artifact that it could not read. */
  readonly lostArtifact?: Digest
}

/** A cell that ends without a number. */
export interface FailedCell extends StageFailure {
  readonly perturbation: Perturbation
}

/** A stage failed for good. It is thrown and caught within one workflow. */
export class StageFailed extends Error {
  override readonly name = 'StageFailed'
  readonly failure: StageFailure

  constructor(
    failureClass: FailureClass,
    stage: FailedStage,
    message: string,
    { lostArtifact }: Pick<Partial<AttemptEvidence>, 'lostArtifact'> = {},
  ) {
    super(message)
    this.failure = { ...stage, failureClass, message, ...(lostArtifact ? { lostArtifact } : {}) }
  }
}

/** The failure of a stage. Any other error is a bug of the workflow itself, or a cancellation, and is thrown again. */
export function stageFailureOf(error: unknown): StageFailure {
  if (!(error instanceof StageFailed)) throw error
  return error.failure
}
