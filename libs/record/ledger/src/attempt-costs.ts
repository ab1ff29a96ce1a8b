import type { Digest, StageName } from '@gauntlet/study'
import { eq, sql } from 'drizzle-orm'
import type { LedgerDatabase } from './open-ledger.ts'
import { attempt, execution, studyConfiguration } from './schema/index.ts'

/** What the attempts at the stages of one name have taken. */
export interface AttemptCost {
  readonly stage: StageName
  readonly outcome: (typeof attempt.outcome.enumValues)[number]
  readonly attempts: number
  /** Seconds between start and end, added up over the attempts that have ended. */
  readonly seconds: number
}

/**
 * What the attempts at the stages of a study's configurations have taken, also for other studies with the same ones.
 */
export async function attemptCosts(db: LedgerDatabase, studyId: Digest): Promise<AttemptCost[]> {
  const seconds = sql<number>`coalesce(sum(extract(epoch from ${attempt.endedAt} - ${attempt.startedAt})), 0)::float8`
  return db
    .select({ stage: execution.stage, outcome: attempt.outcome, attempts: sql<number>`count(*)::int`, seconds })
    .from(studyConfiguration)
    .innerJoin(execution, eq(execution.configurationId, studyConfiguration.configurationId))
    .innerJoin(attempt, eq(attempt.stageKey, execution.stageKey))
    .where(eq(studyConfiguration.studyId, studyId))
    .groupBy(execution.stage, attempt.outcome)
    .orderBy(execution.stage, attempt.outcome)
}
