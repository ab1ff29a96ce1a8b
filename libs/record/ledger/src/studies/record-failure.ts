import { sql } from 'drizzle-orm'
import type { Digest, Json, Perturbation, StageName } from '@gauntlet/study'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { storableText } from '../executions/record-attempt.ts'
import { perturbationKey } from './record-study.ts'
import { configurationFailure } from '../schema/index.ts'
import { documentOf } from '../schema/json-document.ts'

/** Why cells of a study stay without a number. */
export interface FailureRecord {
  readonly studyId: Digest
  readonly configurationId: Digest
  readonly stage: StageName
  /** The key of the stage that failed; null where no stage was tried. */
  readonly stageKey: Digest | null
  /** Null for a failure of the whole configuration. */
  readonly perturbation: Perturbation | null
  /** Wire name of the failure's class: `Diverged`, `InvalidInput`, … */
  readonly failureClass: string
  readonly message: string
  readonly evidence: Json
}

/**
 * Records that a configuration, or one of its cells, ended without a number. A later failure of the same stage key and
 * perturbation replaces it.
 */
export async function recordFailure(db: LedgerDatabase, failure: FailureRecord): Promise<void> {
  const { studyId, configurationId, stage, failureClass, evidence } = failure
  const subject = {
    studyId,
    configurationId,
    stage,
    stageKey: failure.stageKey,
    perturbationKey: failure.perturbation && perturbationKey(failure.perturbation),
  }
  const finding = { failureClass, message: storableText(failure.message), evidence: documentOf(evidence) }
  await db
    .insert(configurationFailure)
    .values({ ...subject, ...finding })
    .onConflictDoUpdate({
      target: [
        configurationFailure.studyId,
        configurationFailure.configurationId,
        configurationFailure.stage,
        configurationFailure.perturbationKey,
        configurationFailure.stageKey,
      ],
      set: { ...finding, recordedAt: sql`now()` },
    })
}
