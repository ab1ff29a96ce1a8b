import type { FailureClass } from '@gauntlet/contract'

/**
 * The failure class of each error that the code of a stage throws, by the error's `name`. An error whose name is not
 * here is a bug.
 */
const classes: Readonly<Record<string, FailureClass>> = {
  // The study, the weights or the images are wrong.
  InvalidInput: 'InvalidInput',
  WeightsMismatch: 'InvalidInput',
  CheckpointUnreadable: 'InvalidInput',
  InvalidDataset: 'InvalidInput',
  UnknownBackbone: 'InvalidInput',
  UnknownCorruption: 'InvalidInput',
  BatchTooSmall: 'InvalidInput',
  ResolutionUnsupported: 'InvalidInput',
  ProbeInputInvalid: 'InvalidInput',
  DigestMismatch: 'InvalidInput',
  SourceNotFound: 'InvalidInput',
  SourceForbidden: 'InvalidInput',
  UnusableSource: 'InvalidInput',
  // Training reached NaN or infinity or collapsed to one prediction, or the trained model gives logits that are not
  // finite.
  Diverged: 'Diverged',
  // The device has too little memory.
  OutOfMemory: 'OutOfMemory',
  // An accelerator failed. What is wrong may stay with the process, which ends (device-process.ts).
  DeviceFailed: 'WorkerLost',
  DeviceStateLost: 'WorkerLost',
  // Storage or network failed. A missing or corrupt artifact is among them, because the stage that made it makes it
  // again.
  ArtifactStoreUnavailable: 'Transient',
  ArtifactMissing: 'Transient',
  ArtifactCorrupt: 'Transient',
  SourceUnreachable: 'Transient',
  DiskFull: 'Transient',
}

/** System errors that a later attempt may not meet. */
const transientCodes = new Set([
  'ENOSPC',
  'EAGAIN',
  'EMFILE',
  'ENFILE',
  'ETIMEDOUT',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
])

/** The failure class of an attempt that ended in this error. */
export function failureClassOfError(error: unknown): FailureClass {
  if (!(error instanceof Error)) return 'Bug'
  const code = (error as NodeJS.ErrnoException).code
  if (code !== undefined && transientCodes.has(code)) return 'Transient'
  return Object.hasOwn(classes, error.name) ? classes[error.name]! : 'Bug'
}
