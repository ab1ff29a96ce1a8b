import type { AttemptUsage } from '@gauntlet/contract'
import type { Configuration, Digest, KeyedStage, Perturbation, StageName } from '@gauntlet/study'
import { and, desc, eq, inArray, sql } from 'drizzle-orm'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { attempt, configuration, execution, studyConfiguration } from '../schema/index.ts'

/** What the attempts at the stages of one name have taken. */
export interface AttemptCost {
  readonly stage: StageName
  readonly outcome: (typeof attempt.outcome.enumValues)[number]
  readonly attempts: number
  /** Seconds between start and end, added up over the attempts that have ended. */
  readonly seconds: number
}

/** Seconds between the start of an attempt and its end. */
const took = sql`extract(epoch from ${attempt.endedAt} - ${attempt.startedAt})`

/**
 * What the attempts at the stages of a study's configurations have taken, also for other studies with the same ones.
 */
export async function attemptCosts(db: LedgerDatabase, studyId: Digest): Promise<AttemptCost[]> {
  const seconds = sql<number>`coalesce(sum(${took}), 0)::float8`
  return db
    .select({ stage: execution.stage, outcome: attempt.outcome, attempts: sql<number>`count(*)::int`, seconds })
    .from(studyConfiguration)
    .innerJoin(execution, eq(execution.configurationId, studyConfiguration.configurationId))
    .innerJoin(attempt, eq(attempt.stageKey, execution.stageKey))
    .where(eq(studyConfiguration.studyId, studyId))
    .groupBy(execution.stage, attempt.outcome)
    .orderBy(execution.stage, attempt.outcome)
}

/** What one attempt took that did a whole stage, from which others are priced. */
export interface MeasuredAttempt {
  readonly stage: KeyedStage
  /** Null for a stage that several configurations share. */
  readonly configuration: Configuration | null
  readonly perturbation: Perturbation | null
  readonly seconds: number
  readonly usage: AttemptUsage | null
  readonly endedAt: Date
}

/**
 * The latest attempts, at most `limit`, that did a whole stage from its beginning in one of these environments. They
 * say what stages take on such devices.
 */
export async function measuredAttempts(
  db: LedgerDatabase,
  environmentClasses: readonly Digest[],
  limit = 3_000,
): Promise<MeasuredAttempt[]> {
  return db
    .select({
      stage: sql<KeyedStage>`${execution.stage}`,
      configuration: configuration.document,
      perturbation: sql<Perturbation | null>`${execution.parameters} -> 'perturbation'`,
      seconds: sql<number>`${took}::float8`,
      usage: sql<AttemptUsage | null>`${attempt.details} -> 'usage'`,
      endedAt: sql<Date>`${attempt.endedAt}`.mapWith(attempt.endedAt),
    })
    .from(attempt)
    .innerJoin(execution, eq(execution.stageKey, attempt.stageKey))
    .leftJoin(configuration, eq(configuration.id, execution.configurationId))
    .where(
      and(
        inArray(execution.environmentClass, [...environmentClasses]),
        inArray(attempt.outcome, ['fulfilled', 'superseded', 'withdrawn']),
        sql`${attempt.details} -> 'resumedFrom' is null`,
      ),
    )
    .orderBy(desc(attempt.endedAt))
    .limit(limit)
}
