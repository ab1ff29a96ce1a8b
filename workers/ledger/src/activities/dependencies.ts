import type { ArtifactStore } from '@gauntlet/artifacts'
import type { LedgerDatabase } from '@gauntlet/ledger'
import type { ExpandedStudies } from './expanded-studies.ts'

/** What the activities need; each takes the part it uses. */
export interface Dependencies {
  readonly db: LedgerDatabase
  readonly store: ArtifactStore
  readonly studies: ExpandedStudies
}
