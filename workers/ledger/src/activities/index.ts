import type { ArtifactStore } from '@gauntlet/artifacts'
import type { LedgerActivities } from '@gauntlet/contract'
import type { LedgerDatabase } from '@gauntlet/ledger'
import { createAggregate } from './aggregate.ts'
import { createBeginStage, createBeginStages } from './begin-stage.ts'
import { expandedStudies } from './expanded-studies.ts'
import { createFulfil } from './fulfil.ts'
import { createListedConfigurations } from './listed-configurations.ts'
import { createOpenConfigurations } from './open-configurations.ts'
import { createOutOfMemoryAt } from './out-of-memory-at.ts'
import { createHoldPool, createPoolEnvironment } from './pool-environment.ts'
import { createRecordCancelledAttempt } from './record-cancelled-attempt.ts'
import { createRecordFailedAttempt } from './record-failed-attempt.ts'
import { createRecordMissingCell } from './record-missing-cell.ts'
import { createRecordPool } from './record-pool.ts'
import { createRecordStudy } from './record-study.ts'
import { createStudyOutline } from './study-outline.ts'

/** The activities of the ledger worker. Each is idempotent, because Temporal may run it twice. */
export function createLedgerActivities(db: LedgerDatabase, store: ArtifactStore): LedgerActivities {
  const dependencies = { db, store, studies: expandedStudies(store) }
  return {
    recordStudy: createRecordStudy(dependencies),
    studyOutline: createStudyOutline(dependencies),
    openConfigurations: createOpenConfigurations(dependencies),
    listedConfigurations: createListedConfigurations(dependencies),
    beginStage: createBeginStage(dependencies),
    beginStages: createBeginStages(dependencies),
    fulfil: createFulfil(dependencies),
    recordFailedAttempt: createRecordFailedAttempt(dependencies),
    recordCancelledAttempt: createRecordCancelledAttempt(dependencies),
    aggregate: createAggregate(dependencies),
    recordMissingCell: createRecordMissingCell(dependencies),
    outOfMemoryAt: createOutOfMemoryAt(dependencies),
    recordPool: createRecordPool(dependencies),
    poolEnvironment: createPoolEnvironment(dependencies),
    holdPool: createHoldPool(dependencies),
  }
}
