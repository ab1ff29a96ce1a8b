import type { FailureClass } from '@gauntlet/contract'

/** The failure class of each error that the rooms of a stage throw, by the error's name. Other errors are bugs. */
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
  // Training, or the model that it made, is no longer finite.
  Diverged: 'Diverged',
  // The device has no room.
  OutOfMemory: 'OutOfMemory',
  // Storage or network; an artifact that went bad is made again by the stage that makes it.
  ArtifactStoreUnavailable: 'Transient',
  ArtifactMissing: 'Transient',
  ArtifactCorrupt: 'Transient',
  SourceUnreachable: 'Transient',
  DiskFull: 'Transient',
}

/** System errors that pass by themselves. */
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

/** What may help an attempt that ended in this error. */
export function failureClassOfError(error: unknown): FailureClass {
  if (!(error instanceof Error)) return 'Bug'
  const code = (error as NodeJS.ErrnoException).code
  if (code !== undefined && transientCodes.has(code)) return 'Transient'
  return Object.hasOwn(classes, error.name) ? classes[error.name]! : 'Bug'
}
