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
import type { FailureClass, MissingReason } from './failures.ts'
import type { StageCode } from './stage-code.ts'

/** An environment that stages run in; of a worker, of those that compute tensors. */
export interface WorkerEnvironment {
  /** Digest of `environment`. */
  readonly environmentClass: Digest
  /** What the machine and the engine add to a result: engine version, device class, threads, precision, determinism. */
  readonly environment: Json
}

/** What a GPU worker adds to the identity of the stages it runs. All workers of a pool give the same description. */
export interface WorkerDescription extends WorkerEnvironment {
  /** The environment of stages that compute no tensors. */
  readonly host: WorkerEnvironment
  /** Digest of the bundle of each code that the worker was asked for (`StageCode`). */
  readonly codeDigests: Readonly<Record<string, Digest>>
}

/** Where and when an attempt ran, and from which sources. It is kept with the attempt and is part of no key. */
export interface AttemptEvidence {
  readonly worker: string
  readonly device: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly endedAt: string
  readonly revision: SourceRevision
  /** Where this attempt took over from an earlier one; absent where it began at the beginning. */
  readonly resumedFrom?: ResumePoint
  /** How far an attempt had got that was lost, by its last heartbeat, or that was stopped. */
  readonly lastProgress?: Pick<StageProgress, 'done' | 'total' | 'unit' | 'checkpoint'>
  /** The artifact that the store had lost, where that is why the attempt failed. */
  readonly lostArtifact?: Digest
  /** What it took of the machine; absent where the device process could not say. */
  readonly usage?: AttemptUsage
}

/** What an attempt took of the machine that its device process runs on. */
export interface AttemptUsage {
  /** Seconds of CPU time, which a busy machine does not lengthen. */
  readonly cpuSeconds: number
  /** The most bytes that were resident: on a CPU the memory of the device, else that of its host process. */
  readonly peakBytes: number
}

/**
 * The point of a stage at which an attempt took over: a mid-stage checkpoint, or `finished` where the stage was done
 * and only its report had been lost.
 */
export type ResumePoint =
  'finished' | { readonly checkpoint: Digest; readonly done: number; readonly unit: 'images' | 'steps' }

/** The commit of the worker's sources, and whether the working tree differed from it. */
export interface SourceRevision {
  readonly commit: string | null
  readonly dirty: boolean
}

/** One try at one stage. */
export interface StageRequest<Input> {
  readonly stageKey: Digest
  readonly identity: StageIdentity
  /** The name of the code whose digest is in the identity. */
  readonly code: StageCode
  readonly attempt: number
  readonly input: Input
}

/** The result of an attempt. It refers to artifacts and never holds their bytes. */
export interface StageResult {
  /** What the stage read from outside the artifact store: the weights file or the archive of the dataset. */
  readonly sources: ArtifactsByRole
  readonly generated: ArtifactsByRole
  readonly evidence: AttemptEvidence
}

export interface PrepareDatasetInput {
  readonly dataset: DatasetSpecification
}
export interface PretrainLoadInput {
  readonly backbone: BackboneSpecification
  /** The classes of the checkpoint's own head, where that is kept; absent where training puts a new one there. */
  readonly classes?: number
  /** The side of the study's images in pixels, where learned positions are resized to it; else absent. */
  readonly side?: number
}
export interface FineTuneInput {
  readonly configuration: Configuration
  /** The micro-batch that was decided before the stage runs: the configuration's own, or a smaller one. */
  readonly microBatch: number
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
  /** Describes the worker, with the code digests of these codes. */
  describeWorker(codes: readonly StageCode[]): Promise<WorkerDescription>
}

/** Done by GPU workers, which hold no database credentials. */
export interface GpuActivities {
  prepareDataset(request: StageRequest<PrepareDatasetInput>): Promise<StageResult>
  pretrainLoad(request: StageRequest<PretrainLoadInput>): Promise<StageResult>
  fineTune(request: StageRequest<FineTuneInput>): Promise<StageResult>
  checkpoint(request: StageRequest<CheckpointInput>): Promise<StageResult>
  perturbAndEvaluate(request: StageRequest<PerturbAndEvaluateInput>): Promise<StageResult>
}

/** What a GPU activity reports with every heartbeat. */
export interface StageProgress {
  readonly stage: KeyedStage
  readonly stageKey: Digest
  /** 1 for the first attempt that its workflow makes. Workers of earlier builds do not say it. */
  readonly attempt?: number
  readonly worker: string
  readonly device: string
  readonly startedAt: string
  /** How many of `total` are done, counted in `unit`. */
  readonly done: number
  readonly total: number
  readonly unit: 'images' | 'steps' | 'bytes'
  /** Forward-equivalents per second since the attempt began; absent where the stage does no tensor work. */
  readonly imagesPerSecond?: number
  /** The last mid-stage checkpoint, from which another attempt goes on. */
  readonly checkpoint?: Digest
  readonly resumedFrom?: ResumePoint
}

/** The outputs of a fulfilled stage, which need not be made again. */
export interface Recalled {
  readonly generated: ArtifactsByRole
}

/** An attempt at a stage, as the workflow that makes it knows it. */
export interface StageAttempt {
  readonly identity: StageIdentity
  readonly configurationId: Digest | null
  /** From 1, counted in one run of the workflow. */
  readonly attempt: number
  readonly workflow: WorkflowReference
  readonly environment: Json
}

export interface BeginStageInput extends StageAttempt {
  /** Artifacts that a stage could not read. Each is read again before what made it is recalled. */
  readonly distrusted: readonly Digest[]
}

/** What is known of a stage that is about to run; nothing where the attempt has begun. */
export type Begun = Recalled | RecalledDivergence | null

/** Training under this very key has diverged before, and would again. */
export interface RecalledDivergence {
  readonly diverged: string
}

export interface FulfilInput extends StageAttempt {
  readonly used: ArtifactsByRole
  readonly result: StageResult
}

export interface FailedAttemptInput extends StageAttempt {
  readonly failureClass: FailureClass
  readonly message: string
  readonly evidence: Partial<AttemptEvidence>
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

/** The counts of a measurement. Ratios are computed where they are shown. */
export interface Measurement {
  readonly perturbation: Perturbation
  readonly correct: number
  readonly total: number
}

/**
 * A cell of a study that ended without a number. Without `perturbation` it stands for all cells of its configuration.
 */
export interface MissingCellInput {
  readonly studyId: Digest
  readonly configurationId: Digest
  readonly perturbation?: Perturbation
  readonly stage: StageName
  /** The key of the stage that failed; absent where no stage was tried. */
  readonly stageKey?: Digest
  readonly failureClass: MissingReason
  readonly message: string
}

/** A study before its configurations are looked at. */
export interface StudyOutline {
  /** How many configurations it has. */
  readonly total: number
  readonly perturbations: readonly Perturbation[]
  /** The codes of all its stages. */
  readonly codes: readonly StageCode[]
}

/** A configuration by its place in the study's list. */
export interface ListedConfiguration {
  readonly index: number
  readonly configuration: Configuration
  /** The declared pool in which it was placed; absent where the study runs on one pool that nobody declared. */
  readonly pool?: string
}

/** The next configurations of a study that have something to do. */
export interface OpenConfigurations {
  readonly open: readonly ListedConfiguration[]
  /** The place in the list that follows the last one looked at. */
  readonly next: number
}

/** Done by the ledger worker, the only writer of rows. */
export interface LedgerActivities {
  /** Reads the study file from the artifact store, expands it and records the study. Idempotent. */
  recordStudy(input: {
    readonly studyId: Digest
    readonly file: ArtifactReference
    /** The study that it extends. */
    readonly extended?: Digest
  }): Promise<void>
  studyOutline(input: { readonly file: ArtifactReference }): Promise<StudyOutline>
  /**
   * The next `limit` configurations from a place of the list on, without those that have every number by the keys that
   * follow from the description of the workers. With `pools`, the descriptions by declared pool, each configuration is
   * placed in one of them, unless it is there already, and `worker` does not count.
   */
  openConfigurations(input: {
    readonly file: ArtifactReference
    readonly worker: WorkerDescription
    readonly pools?: Readonly<Record<string, WorkerDescription>>
    readonly offset: number
    readonly limit: number
  }): Promise<OpenConfigurations>
  /**
   * The configurations at these places of the list, with the pools in which they were placed where `placed` asks so.
   */
  listedConfigurations(input: {
    readonly file: ArtifactReference
    readonly places: readonly number[]
    readonly placed?: true
  }): Promise<readonly ListedConfiguration[]>
  /** Recalls a stage, or records that an attempt at it begins. */
  beginStage(input: BeginStageInput): Promise<Begun>
  /** The same for several stages at once, in their order. */
  beginStages(inputs: readonly BeginStageInput[]): Promise<readonly Begun[]>
  fulfil(input: FulfilInput): Promise<Recalled>
  recordFailedAttempt(input: FailedAttemptInput): Promise<void>
  /** Records that an attempt that had begun was cancelled. */
  recordCancelledAttempt(input: StageAttempt): Promise<void>
  aggregate(input: AggregateInput): Promise<readonly Measurement[]>
  recordMissingCell(input: MissingCellInput): Promise<void>
  /**
   * The smallest micro-batch at which fine-tuning of such a configuration ran out of memory in such an environment;
   * null where none is known.
   */
  outOfMemoryAt(input: {
    readonly configuration: Configuration
    readonly environmentClass: Digest
  }): Promise<number | null>
  /** Records the description of a pool's workers, for tables and plans on machines that cannot ask them. */
  recordPool(input: { readonly pool: string; readonly description: WorkerDescription }): Promise<void>
  /** The environment to which a declared pool is held; null where no worker of it has answered yet. */
  poolEnvironment(input: { readonly pool: string }): Promise<WorkerEnvironment | null>
  /** Holds a declared pool to an environment, unless it is held to one, and gives the one to which it is held. */
  holdPool(input: { readonly pool: string; readonly environment: WorkerEnvironment }): Promise<WorkerEnvironment>
}
