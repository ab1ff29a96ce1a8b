import { NothingToAnalyze, PublishedTableInvalid } from '@gauntlet/analysis'
import { AddressUnusable, TokenNeeded } from '@gauntlet/api'
import { ArtifactCorrupt, ArtifactMissing } from '@gauntlet/artifacts'
import { PinContradicted, SpeedsUnreadable, StudyFileMissing, StudyNotRunning, StudyStopped } from '@gauntlet/client'
import { DiskFull } from '@gauntlet/files'
import { StudyNameAmbiguous, StudyNameTaken, StudyUnknown } from '@gauntlet/ledger'
import { DigestMismatch, SourceForbidden, SourceNotFound, SourceUnreachable, UnusableSource } from '@gauntlet/sources'
import { StudyFileInvalid } from '@gauntlet/study'
import { CommandFailed, Misuse } from './command-failed.ts'

/** Errors whose message already says what to change. */
const explained = [
  AddressUnusable,
  ArtifactCorrupt,
  ArtifactMissing,
  CommandFailed,
  PinContradicted,
  DigestMismatch,
  DiskFull,
  SourceForbidden,
  SourceNotFound,
  SourceUnreachable,
  SpeedsUnreadable,
  StudyNotRunning,
  StudyStopped,
  UnusableSource,
]

/** Errors of a wrong call: nothing was started. */
const misuses = [
  Misuse,
  NothingToAnalyze,
  PublishedTableInvalid,
  StudyFileInvalid,
  StudyFileMissing,
  StudyNameAmbiguous,
  StudyNameTaken,
  StudyUnknown,
  TokenNeeded,
]

/** Prints the error on standard error and gives the exit code. The stack trace is printed only with `--verbose`. */
export function reportError(error: unknown, verbose: boolean): 1 | 2 {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  const misuse = misuses.some((type) => error instanceof type)
  const expected = misuse || explained.some((type) => error instanceof type)
  console.error(verbose ? stack : expected ? message : `gauntlet: ${message} (--verbose shows where)`)
  return misuse ? 2 : 1
}
