import type {
  ArtifactReference,
  ArtifactsByRole,
  BackboneSpecification,
  Configuration,
  DatasetSpecification,
  Digest,
  Json,
  KeyedStage,
  Perturbation,
  StageIdentity,
  StageName,
} from '@gauntlet/study'
import type { FailureClass } from './failures.ts'

/** What a GPU worker adds to the identity of the work it does. All workers of a pool say the same. */
export interface WorkerDescription {
  /** Digest of `environment`, the part of it that can change a result. */
  readonly environmentClass: Digest
  /** Engine version, device class, threads, precision, determinism. */
  readonly environment: Json
  /** Digest of the sources and packages each stage consists of. */
  readonly codeDigests: Readonly<Record<KeyedStage, Digest>>
}

/** Where and when an attempt ran, and from which sources; kept with the attempt, not part of any key. */
export interface AttemptEvidence {
  readonly worker: string
  readonly device: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly endedAt: string
  readonly revision: SourceRevision
  /**
   * The micro-batch used where it is not the configuration's own: after an `OutOfMemory`, or where the device had no
   * room for that.
   */
  readonly microBatch?: number
  /** What an earlier attempt had left to go on from; absent where this one began at the beginning. */
  readonly resumedFrom?: ResumePoint
  /** How far an attempt that was lost had come, by its last heartbeat. */
  readonly lastProgress?: Pick<StageProgress, 'done' | 'total' | 'unit' | 'checkpoint'>
}

/**
 * Where in a stage an attempt took over: at a mid-stage checkpoint, or at its very end when only the report of it was
 * lost.
 */
export type ResumePoint =
  'finished' | { readonly checkpoint: Digest; readonly done: number; readonly unit: 'images' | 'steps' }

/** The commit the worker's sources stand at, and whether the tree differed from it. */
export interface SourceRevision {
  readonly commit: string | null
  readonly dirty: boolean
}

/** One try at one stage. */
export interface StageRequest<Input> {
  readonly stageKey: Digest
  readonly identity: StageIdentity
  readonly attempt: number
  /** Smaller micro-batch after an `OutOfMemory`; absent: the configuration's own. */
  readonly microBatch?: number
  readonly input: Input
}

/** What an attempt leaves: references, never bytes. */
export interface StageResult {
  /** What it read from outside the artifact store: the weights file, the dataset's archive. */
  readonly sources: ArtifactsByRole
  readonly generated: ArtifactsByRole
  readonly evidence: AttemptEvidence
}

export interface PrepareDatasetInput {
  readonly dataset: DatasetSpecification
}
export interface PretrainLoadInput {
  readonly backbone: BackboneSpecification
}
export interface FineTuneInput {
  readonly configuration: Configuration
  readonly dataset: ArtifactsByRole
  readonly pretrained: ArtifactsByRole
}
export interface CheckpointInput {
  readonly configuration: Configuration
  readonly dataset: ArtifactsByRole
  readonly trained: ArtifactsByRole
}
export interface PerturbAndEvaluateInput {
  readonly configuration: Configuration
  readonly dataset: ArtifactsByRole
  readonly checkpoint: ArtifactsByRole
  readonly perturbation: Perturbation
}

/** Answered by GPU workers on their pool's description queue. */
export interface DescriptionActivities {
  describeWorker(): Promise<WorkerDescription>
}

/** Done by GPU workers, which hold no database credentials. */
export interface GpuActivities {
  prepareDataset(request: StageRequest<PrepareDatasetInput>): Promise<StageResult>
  pretrainLoad(request: StageRequest<PretrainLoadInput>): Promise<StageResult>
  fineTune(request: StageRequest<FineTuneInput>): Promise<StageResult>
  checkpoint(request: StageRequest<CheckpointInput>): Promise<StageResult>
  perturbAndEvaluate(request: StageRequest<PerturbAndEvaluateInput>): Promise<StageResult>
}

/** What a GPU activity says of itself in every heartbeat. */
export interface StageProgress {
  readonly stage: KeyedStage
  readonly stageKey: Digest
  readonly worker: string
  readonly device: string
  readonly startedAt: string
  /** Of what `unit` counts. */
  readonly done: number
  readonly total: number
  readonly unit: 'images' | 'steps' | 'bytes'
  /** Forward-equivalents per second since the attempt began; absent where the stage does no tensor work. */
  readonly imagesPerSecond?: number
  /** The last mid-stage checkpoint, from which another attempt goes on. */
  readonly checkpoint?: Digest
  readonly resumedFrom?: ResumePoint
  /** The micro-batch, where the device has no room for the one that was asked for. */
  readonly microBatch?: number
}

/** A stage's outputs that need not be made again. */
export interface Recalled {
  readonly generated: ArtifactsByRole
}

export interface FulfilInput {
  readonly identity: StageIdentity
  readonly configurationId: Digest | null
  readonly attempt: number
  readonly workflow: WorkflowReference
  readonly used: ArtifactsByRole
  readonly result: StageResult
  readonly environment: Json
}

export interface FailedAttemptInput {
  readonly identity: StageIdentity
  readonly configurationId: Digest | null
  readonly attempt: number
  readonly workflow: WorkflowReference
  readonly failureClass: FailureClass
  readonly message: string
  readonly evidence: Partial<AttemptEvidence>
  readonly environment: Json
}

export interface WorkflowReference {
  readonly workflowId: string
  readonly runId: string
}

/** An evaluation that has outcomes, ready to be counted. */
export interface EvaluatedPerturbation {
  readonly perturbation: Perturbation
  readonly stageKey: Digest
  readonly outcomes: ArtifactReference
}

export interface AggregateInput {
  readonly configuration: Configuration
  readonly dataset: ArtifactsByRole
  readonly evaluated: readonly EvaluatedPerturbation[]
}

/** Counts; ratios are computed where they are shown. */
export interface Measurement {
  readonly perturbation: Perturbation
  readonly correct: number
  readonly total: number
}

/**
 * Cells of a study that end without a number; `perturbation` is absent when none of the configuration's cells has one.
 */
export interface MissingCellInput {
  readonly studyId: Digest
  readonly configurationId: Digest
  readonly perturbation?: Perturbation
  readonly stage: StageName
  /** The key of the stage that failed; absent where no stage was tried. */
  readonly stageKey?: Digest
  readonly failureClass: FailureClass | 'CircuitOpen'
  readonly message: string
}

export interface ConfigurationPage {
  readonly configurations: readonly Configuration[]
  readonly perturbations: readonly Perturbation[]
  readonly total: number
}

/** Done by the ledger worker, the only writer of rows. */
export interface LedgerActivities {
  /** Parses, expands and records the study file in the artifact store. Idempotent. */
  recordStudy(input: { readonly studyId: Digest; readonly file: ArtifactReference }): Promise<void>
  configurationPage(input: {
    readonly file: ArtifactReference
    readonly offset: number
    readonly limit: number
  }): Promise<ConfigurationPage>
  /** The outputs of a fulfilled stage whose artifacts are present and intact, else null. */
  recall(input: { readonly stageKey: Digest }): Promise<Recalled | null>
  fulfil(input: FulfilInput): Promise<Recalled>
  recordFailedAttempt(input: FailedAttemptInput): Promise<void>
  aggregate(input: AggregateInput): Promise<readonly Measurement[]>
  recordMissingCell(input: MissingCellInput): Promise<void>
  /** Keeps what a pool's workers say of themselves, for tables and plans of machines that cannot ask them. */
  recordPool(input: { readonly pool: string; readonly description: WorkerDescription }): Promise<void>
}
