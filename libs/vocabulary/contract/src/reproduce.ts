import type {
  ArtifactReference,
  ArtifactsByRole,
  Configuration,
  Digest,
  Perturbation,
  StageIdentity,
} from '@gauntlet/study'
import type { WorkerEnvironment } from './activities.ts'
import type { NotDone } from './process-answers.ts'

/** A recorded stage that is to be executed again. */
export interface RecordedStage {
  readonly stageKey: Digest
  readonly identity: StageIdentity
  readonly used: ArtifactsByRole
  readonly generated: ArtifactsByRole
}

/** A number whose stages are to be executed again, in the order of the DAG. */
export interface RecordedNumber {
  readonly measurementId: Digest
  readonly configuration: Configuration
  readonly perturbation: Perturbation
  readonly stages: readonly RecordedStage[]
}

/** What the process of `gauntlet reproduce` is asked. */
export interface ReproduceRequest {
  /** Whether to execute the bundles of the record or those of the present sources. */
  readonly code: 'recorded' | 'current'
  readonly numbers: readonly RecordedNumber[]
  /** The address of the store that has the recorded artifacts; it is only read. */
  readonly artifacts: string
  /** The address of the store in which everything is made again. */
  readonly scratch: string
}

/** What a stage made when it was executed again. */
export interface RemadeStage {
  readonly stageKey: Digest
  readonly codeDigest: Digest
  readonly generated: ArtifactsByRole
  readonly seconds: number
  /** Packages of the bundle that are installed in another version, as `name: recorded, now`. */
  readonly otherPackages: readonly string[]
}

/** A number that was made again, and where. */
export interface RemadeNumber extends WorkerEnvironment {
  readonly measurementId: Digest
  readonly stages: readonly RemadeStage[]
  readonly outcomes: ArtifactReference
  readonly device: string
  /** Of stages that compute no tensors. */
  readonly host: WorkerEnvironment
}

/** What it answers. The last answer is `done`, or one that says why it did not go on. */
export type ReproduceAnswer =
  | {
      readonly type: 'progress'
      /** Numbers that were made again, and all of them. */
      readonly done: number
      readonly total: number
      /** The stage in work, and how much of it is done in [0, 1]. */
      readonly stage: string
      readonly share: number
      /** The number that has just been made again. */
      readonly remade?: RemadeNumber
    }
  | { readonly type: 'done' }
  | NotDone
