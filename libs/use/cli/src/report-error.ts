import { NothingToAnalyze, PublishedTableInvalid } from '@gauntlet/analysis'
import { AddressUnusable, TokenNeeded } from '@gauntlet/api'
import { ArtifactCorrupt, ArtifactMissing } from '@gauntlet/artifacts'
import { DiffSubjectUnknown, LineageIncomplete } from '@gauntlet/audit'
import {
  SpeedsUnreadable,
  StudyFileMissing,
  StudyNotExtendable,
  StudyNotRunning,
  StudyStopped,
  TemporalUnreachable,
} from '@gauntlet/client'
import { InvalidDataset } from '@gauntlet/datasets/invalid-dataset'
import { ExportInvalid, LeafListMissing, PartUnknown } from '@gauntlet/exchange'
import { ArchiveTooLarge, DiskFull } from '@gauntlet/files'
import {
  DiskNotLocal,
  HomeElsewhere,
  NoUnprivilegedAccount,
  PostgresMissing,
  PostgresNotInitialised,
  PostgresPasswordLost,
  ProcessFailedToStart,
  TemporalMissing,
} from '@gauntlet/infra'
import {
  BridgeUnfounded,
  BridgeUnknown,
  ImportContradicted,
  DoubtSubjectUnknown,
  DoubtUnknown,
  LedgerAbsent,
  LedgerMisplaced,
  LedgerNewer,
  LedgerOlder,
  LedgerUnreachable,
  StudyNameAmbiguous,
  StudyNameTaken,
  StudyUnknown,
} from '@gauntlet/ledger'
import { KeyInvalid, SealInvalid } from '@gauntlet/seals'
import { DigestMismatch, SourceForbidden, SourceNotFound, SourceUnreachable, UnusableSource } from '@gauntlet/sources'
import { InvalidInput, StudyFileInvalid } from '@gauntlet/study'
import { CommandFailed, Misuse } from './command-failed.ts'

/** Errors whose message already says what to change. */
const explained = [
  AddressUnusable,
  ArchiveTooLarge,
  ArtifactCorrupt,
  ArtifactMissing,
  BridgeUnfounded,
  CommandFailed,
  DiskNotLocal,
  HomeElsewhere,
  InvalidInput,
  DigestMismatch,
  DiskFull,
  ExportInvalid,
  ImportContradicted,
  InvalidDataset,
  LeafListMissing,
  LedgerAbsent,
  LedgerMisplaced,
  LedgerNewer,
  LedgerOlder,
  LedgerUnreachable,
  SealInvalid,
  LineageIncomplete,
  NoUnprivilegedAccount,
  PostgresMissing,
  PostgresNotInitialised,
  PostgresPasswordLost,
  ProcessFailedToStart,
  SourceForbidden,
  SourceNotFound,
  SourceUnreachable,
  SpeedsUnreadable,
  StudyNotExtendable,
  StudyNotRunning,
  StudyStopped,
  TemporalMissing,
  TemporalUnreachable,
  UnusableSource,
]

/** Errors of a wrong call: nothing was started. */
const misuses = [
  BridgeUnknown,
  KeyInvalid,
  DiffSubjectUnknown,
  DoubtSubjectUnknown,
  DoubtUnknown,
  Misuse,
  NothingToAnalyze,
  PartUnknown,
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
  const refusal = fileRefusal(error)
  if (refusal && !verbose) {
    console.error(refusal)
    return 1
  }
  const expected = misuse || explained.some((type) => error instanceof type)
  console.error(verbose ? stack : expected ? message : `gauntlet: ${message} (--verbose shows where)`)
  return misuse ? 2 : 1
}

/** The sentence for a file or folder that cannot be used; undefined for any other error. */
function fileRefusal(error: unknown): string | undefined {
  const { code, path, dest, syscall } = error as NodeJS.ErrnoException & { readonly dest?: string }
  // What is written has another name until it is whole.
  const named = (dest ?? path)?.replace(/\.[0-9a-f]{8}-\d+-[0-9a-f]+\.tmp$/, '')
  if (!named) return undefined
  switch (code) {
    case 'EISDIR':
      return `${named} is a folder; name a file.`
    case 'EEXIST':
    case 'ENOTDIR':
      return `${named} is no folder, or lies in none (${code}); name another place.`
    case 'ENOENT':
      if (syscall === 'mkdir') return `No folder can be made at ${named}; name another place.`
      return `There is no ${named}; correct the path.`
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `${named} cannot be used by this account (${code}); correct its owner, or set GAUNTLET_HOME and GAUNTLET_CACHE to folders of your own.`
  }
  return undefined
}
