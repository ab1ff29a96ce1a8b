import type { Digest } from '@gauntlet/study'

/**
 * Why an attempt failed, with one class for each decision that follows from a failure.
 *
 * How it reaches the workflows: both workers give every error that leaves one of their activities a class
 * (`failureClassOfError`) and throw an `ApplicationFailure` whose `type` is the class. An `instanceof` would not
 * survive the crossing.
 *
 * - `InvalidInput`: the study, the weights or the images are wrong. It is never retried; the message says what to
 *   change.
 * - `Diverged`: the loss or the logits are NaN or infinite, or training collapsed to one prediction. It is not retried,
 *   and a later run recalls it; the configuration ends as diverged.
 * - `OutOfMemory`: the same work would run out again. Fine-tuning goes on under another key, with half the micro-batch
 *   at the same effective batch, where the study allows it; other stages end.
 * - `ArtifactLost`: the store has lost an artifact that a stage reads, or its bytes have changed. The stage that made
 *   it makes it again.
 * - `Preempted`, `WorkerLost`: the machine went away. It is retried from the last mid-stage checkpoint.
 * - `WorkerChanged`: the worker cannot run the code that the key was made for, or has another engine. The configuration
 *   makes new keys.
 * - `Transient`: storage or network. It is retried with exponential back-off.
 * - `Bug`: anything else, also a device process that crashed. It is retried a few times.
 */
export type FailureClass =
  | 'InvalidInput'
  | 'Diverged'
  | 'OutOfMemory'
  | 'ArtifactLost'
  | 'Preempted'
  | 'WorkerLost'
  | 'WorkerChanged'
  | 'Transient'
  | 'Bug'

/** Why a cell has no number: the failure of a stage, or because nobody tried. */
export type MissingReason =
  | FailureClass
  /** The circuit of its backbone was open. */
  | 'CircuitOpen'
  /** Its configuration was cancelled or terminated by hand. */
  | 'Cancelled'

/** Every reason why a cell has no number. */
export const missingReasons: readonly MissingReason[] = [
  'InvalidInput',
  'Diverged',
  'OutOfMemory',
  'ArtifactLost',
  'Preempted',
  'WorkerLost',
  'WorkerChanged',
  'Transient',
  'Bug',
  'CircuitOpen',
  'Cancelled',
]

export function isMissingReason(name: string): name is MissingReason {
  return missingReasons.includes(name as MissingReason)
}

interface RetryDecision {
  /** Retries after the first attempt. */
  readonly retries: number
  /** Pause before the first retry, in milliseconds. It doubles with every retry, up to a minute. */
  readonly pause: number
}

/**
 * How often an attempt of each class is retried. Each class has a budget of its own, so preemptions never use up that
 * of bugs.
 */
export const retryPolicy: Readonly<Record<FailureClass, RetryDecision>> = {
  InvalidInput: { retries: 0, pause: 0 },
  Diverged: { retries: 0, pause: 0 },
  OutOfMemory: { retries: 0, pause: 0 },
  ArtifactLost: { retries: 0, pause: 0 },
  Preempted: { retries: 100, pause: 1_000 },
  WorkerLost: { retries: 20, pause: 1_000 },
  WorkerChanged: { retries: 0, pause: 0 },
  Transient: { retries: 10, pause: 1_000 },
  Bug: { retries: 2, pause: 1_000 },
}

/** The failure class that the `type` of a Temporal failure names. A name that is no class counts as a bug. */
export function failureClassOf(name: string | null | undefined): FailureClass {
  return name != null && Object.hasOwn(retryPolicy, name) ? (name as FailureClass) : 'Bug'
}

/**
 * The failure class of each error that an activity throws, by the error's `name`. An error whose name is not here is a
 * bug, such as `CoverageBroken`, `LineageBroken` and `OutcomesUnreadable`: only wrong code contradicts itself.
 */
const classOfError: Readonly<Record<string, FailureClass>> = {
  // The study, the weights or the images are wrong.
  InvalidInput: 'InvalidInput',
  WeightsMismatch: 'InvalidInput',
  CheckpointUnreadable: 'InvalidInput',
  InvalidDataset: 'InvalidInput',
  BatchTooSmall: 'InvalidInput',
  DigestMismatch: 'InvalidInput',
  SourceNotFound: 'InvalidInput',
  SourceForbidden: 'InvalidInput',
  UnusableSource: 'InvalidInput',
  // Training reached NaN or infinity or collapsed to one prediction, or the trained model gives logits that are not
  // finite.
  Diverged: 'Diverged',
  // The device has too little memory.
  OutOfMemory: 'OutOfMemory',
  // An accelerator failed. What is wrong may stay with the process, which ends (workers/gpu/src/device-main.ts).
  DeviceFailed: 'WorkerLost',
  DeviceStateLost: 'WorkerLost',
  // The code of the key was made for device processes of another version.
  BundleUnusable: 'WorkerChanged',
  ArtifactMissing: 'ArtifactLost',
  ArtifactCorrupt: 'ArtifactLost',
  // Storage, network or the database failed.
  ArtifactStoreUnavailable: 'Transient',
  LedgerUnreachable: 'Transient',
  SourceUnreachable: 'Transient',
  DiskFull: 'Transient',
}

/** Codes of the operating system that a later attempt may not meet. */
const transientCodes = new Set([
  'ENOSPC',
  'EDQUOT',
  'EAGAIN',
  'EMFILE',
  'ENFILE',
  'ETIMEDOUT',
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'ENOTFOUND',
  'EAI_AGAIN', // a name server that does not answer
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'EPIPE',
  'ESTALE', // a file of a network file system that another machine has replaced
])

/**
 * SQLSTATE codes of Postgres that a later attempt may not meet: lost connections, transactions that were rolled back
 * for others, a statement that was cancelled, a server that is short of something, shutting down or, after another has
 * taken over from it, read-only (PostgreSQL documentation, appendix A).
 */
const transientSqlStates = /^(08|40|53|57P|57014|55P03|25006)/

/** What the client of Postgres says, without a code, of a connection that is lost or does not come about. */
const lostConnection = /^Connection terminated|^timeout exceeded when trying to connect|^Query read timeout/

/**
 * The failure class of an attempt that ended in this error. Where an error has a cause, the first one along the chain
 * that is known decides: libraries wrap what the system said.
 */
export function failureClassOfError(error: unknown): FailureClass {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (Object.hasOwn(classOfError, each.name)) return classOfError[each.name]!
    const { code } = each as { readonly code?: unknown }
    if (typeof code === 'string' && (transientCodes.has(code) || transientSqlStates.test(code))) return 'Transient'
    if (lostConnection.test(each.message)) return 'Transient'
  }
  return 'Bug'
}

/** What an attempt that ended in an error says of it, and the artifact that it could not read, if that is why. */
export interface ExplainedFailure {
  readonly failureClass: FailureClass
  readonly message: string
  readonly lostArtifact?: Digest
}

/** An error as it leaves a worker. The message of a bug names the error, since nobody wrote it for people. */
export function explainFailure(thrown: unknown): ExplainedFailure {
  const failureClass = failureClassOfError(thrown)
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const { digest } = error as { readonly digest?: Digest }
  return {
    failureClass,
    message: failureClass === 'Bug' ? `${error.name}: ${error.message}` : error.message,
    ...(failureClass === 'ArtifactLost' && digest ? { lostArtifact: digest } : {}),
  }
}

/**
 * Configurations that may fail by the same bug, in the same stage and with the same backbone, before a study stops
 * trying that backbone.
 */
export const circuitBreakerThreshold = 3
