import type { ArtifactReference, Digest, StageName } from '@gauntlet/study'
import type { MissingReason } from './failures.ts'

/** What a running study can be asked, as updates of its workflow. Each is answered at once, with its progress. */
export const controlUpdates = { pause: 'pause', resume: 'resume', retry: 'retry', extend: 'extend' } as const

export interface PauseRequest {
  /**
   * Whether configurations in flight are stopped, too. What they have finished is kept, and their trainings write a
   * checkpoint; else they run to their end.
   */
  readonly now: boolean
}

export interface ResumeRequest {
  /** The budget from now on, in device-seconds since the study began; as before where it is absent. */
  readonly budgetSeconds?: number | null
}

/** Which configurations that ended without every number are to be tried again. All where nothing is named. */
export interface RetryRequest {
  readonly failureClass?: MissingReason
  readonly stage?: StageName
  readonly backbone?: string
  /** The place of one configuration in the study's list. */
  readonly place?: number
}

/** The study that a running one goes on as: every cell of it, and more. */
export interface ExtendRequest {
  readonly studyId: Digest
  /** Its file, in the artifact store. */
  readonly file: ArtifactReference
}

/** Why a study starts no configurations. */
export type PauseReason = 'asked' | 'budget'

/** Configurations that ended alike without a number of theirs. */
export interface FailureGroup {
  readonly stage: StageName
  readonly failureClass: MissingReason
  readonly backbone: string
  readonly configurations: number
  /** What one of them said. */
  readonly message: string
}

/** Failures that a retry cannot mend: the same work ends the same way. */
export const neverRetried: readonly MissingReason[] = ['Diverged']
