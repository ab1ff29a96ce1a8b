import type { ArtifactStore } from '@gauntlet/artifacts'
import type { DescribedPool, KeptSpeed } from '@gauntlet/client'
import type { StageCode } from '@gauntlet/contract'
import type { LedgerDatabase } from '@gauntlet/ledger'
import type { Digest } from '@gauntlet/study'
import type { StudySnapshot } from '@gauntlet/client'

/** No pool has said yet what its code and its environment are. A retry helps once one has. */
export class PoolUnknown extends Error {
  override readonly name = 'PoolUnknown'
}

/** Something that can be done to a study: the function of the command of the same name. */
export interface StudyAction {
  /** What it does, in one sentence. */
  readonly sentence: string
  /** Does it, and says in one sentence what was done. */
  readonly run: (studyId: Digest) => Promise<string>
}

/** What the API reads and does. Nothing in it is specific to a way of running Gauntlet. */
export interface ApiDependencies {
  readonly db: LedgerDatabase
  readonly store: ArtifactStore
  /** Throws `PoolUnknown`. */
  readonly describePool: (codes: readonly StageCode[]) => Promise<DescribedPool>
  /** The study in Temporal at this moment. */
  readonly snapshot: (studyId: Digest) => Promise<StudySnapshot>
  /** The measured speeds of workers of this environment class. */
  readonly speeds: (environmentClass: Digest) => readonly KeptSpeed[]
  /** By name. A command that a person may also press in the browser is one line here. */
  readonly actions: Readonly<Record<string, StudyAction>>
  readonly readOnly: boolean
  /** Where the ledger is, without a password. */
  readonly ledgerName: string
}
