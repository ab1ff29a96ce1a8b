import type {
  ArtifactReference,
  ArtifactsByRole,
  Configuration,
  Digest,
  Perturbation,
  StageName,
} from '@gauntlet/study'
import type { Measurement, WorkerDescription } from './activities.ts'
import type { FailureGroup, PauseReason } from './control.ts'
import type { MissingReason } from './failures.ts'
import type { StageCode } from './stage-code.ts'

export interface StudyWorkflowInput {
  readonly studyId: Digest
  readonly file: ArtifactReference
  readonly pool: string
  /** The declared pools that serve it, each configuration one of them; absent where `pool` serves it alone. */
  readonly declared?: DeclaredPools
  /** Its share of the devices beside that of other studies, in device-seconds; 1 where it is absent. */
  readonly weight?: number
  /** Configurations in flight at once. */
  readonly window: number
  /** Device-seconds after which the study pauses and asks; no limit where it is null. */
  readonly budgetSeconds: number | null
  /** State of an earlier run of the workflow, carried over continue-as-new. */
  readonly carried?: StudyCarried
  /** The study that this one was made of by an extension, and what it takes over of it. */
  readonly extended?: ExtendedStudy
}

/** What a study that was extended leaves to the one that goes on with its cells. */
export interface ExtendedStudy extends Pick<StudyCarried, 'bugs' | 'paused' | 'deviceSeconds'> {
  /** It and those that it extended, the latest first. What their configurations in flight cost is this study's. */
  readonly studyIds: readonly Digest[]
  /** The ids of those in flight. */
  readonly inFlight: readonly Digest[]
}

/** The declared pools on which a study runs. */
export interface DeclaredPools {
  readonly pools: readonly string[]
  /** The pool whose workers do the stages that fetch sources. They need a network, the others none. */
  readonly fetch: string
}

/**
 * The configurations that failed alike, by `stage backbone cause`: the beginnings of their ids, no more than open a
 * circuit. Runs of earlier versions carried their number.
 */
export type CountedBugs = Readonly<Record<string, readonly string[] | number>>

/** What a study workflow must remember when it continues as new. */
export interface StudyCarried {
  /** How many configurations of the study's list have been started or were known. */
  readonly offset: number
  /** The places in the list of those that an earlier run started and that are not known to have ended. */
  readonly unfinished: readonly number[]
  /** The places of those that are to be tried again. */
  readonly again: readonly number[]
  readonly ended: StudyCounts
  /** The configurations that failed by a bug. */
  readonly bugs: CountedBugs
  /** Those that ended without a number of theirs, alike ones together. */
  readonly failed: readonly FailedPlaces[]
  readonly paused: PauseReason | null
  readonly deviceSeconds: number
  /** Configurations in flight of the study that this one extends, which it still waits for. */
  readonly joined?: readonly Digest[]
}

/** The places in the list of configurations that failed alike. */
export interface FailedPlaces extends Omit<FailureGroup, 'configurations'> {
  readonly outcome: keyof StudyCounts
  readonly places: readonly number[]
}

/** How a study ended. */
export interface StudyResult extends StudyCounts {
  /** The study that goes on with its cells, where it was extended before it had run them all. */
  readonly extendedBy?: Digest
}

export interface StudyCounts {
  readonly measured: number
  readonly diverged: number
  readonly failed: number
  /** Not tried because the circuit of their backbone was open. */
  readonly skipped: number
}

export interface ConfigurationWorkflowInput {
  readonly studyId: Digest
  readonly configuration: Configuration
  readonly perturbations: readonly Perturbation[]
  readonly pool: string
  /** The pool that does the stages which fetch sources, where `pool` is a declared one. */
  readonly fetch?: string
  /** Its study's share of the devices; absent where studies do not share by weight. */
  readonly weight?: number
  /** What its study has done for it already. */
  readonly shared?: SharedOutputs
}

/** The outputs of the stages that configurations share, and the description of the workers that they were keyed by. */
export interface SharedOutputs {
  readonly worker: WorkerDescription
  readonly dataset: ArtifactsByRole
  readonly pretrained: ArtifactsByRole
}

export interface ConfigurationResult {
  /** The study that it ran for. */
  readonly studyId: Digest
  readonly configurationId: Digest
  readonly outcome: 'measured' | 'diverged' | 'failed'
  readonly measurements: readonly Measurement[]
  /** Why cells are missing, where any are. */
  readonly failures: readonly StageFailureSummary[]
  /** Whether the pool's workers are no longer those that `shared` describes. */
  readonly workersChanged: boolean
  /** Seconds that its attempts in this run kept devices busy, failed ones too. */
  readonly deviceSeconds: number
}

export interface StageFailureSummary {
  readonly stage: StageName
  readonly failureClass: MissingReason
  readonly message: string
}

/** The answer of the study workflow's `progress` query. */
export interface StudyProgress {
  readonly total: number
  readonly ended: StudyCounts
  /** Workflow ids of the configurations in flight. */
  readonly running: readonly string[]
  /** Dataset, backbone, loss, protocol and seed of the first of them, which have been in flight for longest. */
  readonly slowest: readonly string[]
  /** Why it starts no configurations; null while it does. */
  readonly paused: PauseReason | null
  /** Device time spent so far, and the budget. */
  readonly deviceSeconds: number
  readonly budgetSeconds: number | null
  /** Why configurations lack numbers, the most frequent reason first. */
  readonly failures: readonly FailureGroup[]
  /** In the answer to a retry: how many configurations it tries again. */
  readonly retried?: number
}

/** Tells a configuration the workflow id of a study that waits for it and did not start it. */
export const waitSignal = 'wait'

/**
 * Stops a configuration that runs for one of the named studies, and tells it the workflow id of the study that waits
 * until it has stopped. One that runs for another study goes on, and says so at once.
 */
export const stopSignal = 'stop'

/** Tells a study the word of a configuration that it waits for and did not start. */
export const endedSignal = 'ended'

/** The result of a configuration, or that it has none for the study that waits. */
export type ConfigurationWord = ConfigurationResult | Pick<ConfigurationResult, 'configurationId'>

/** The name of the study workflow's query. */
export const progressQuery = 'progress'

export function studyWorkflowId(studyId: Digest): string {
  return `study/${studyId}`
}

export function configurationWorkflowId(configurationId: Digest): string {
  return `configuration/${configurationId}`
}

/** The workflows, by the names under which `workflows/src/index.ts` exports them and clients start them. */
export interface Workflows {
  study(input: StudyWorkflowInput): Promise<StudyResult>
  configuration(input: ConfigurationWorkflowInput): Promise<ConfigurationResult>
  /** Asks a pool for the description of its workers. */
  pool(name: string, codes: readonly StageCode[]): Promise<WorkerDescription>
}

/** The name under which Temporal knows each workflow. */
export const workflowNames = { study: 'study', configuration: 'configuration', pool: 'pool' } as const satisfies {
  readonly [Name in keyof Workflows]: Name
}
