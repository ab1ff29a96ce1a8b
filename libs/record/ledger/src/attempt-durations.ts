import { and, desc, eq, gt } from 'drizzle-orm'
import type { Json, StageIdentity } from '@gauntlet/study'
import type { LedgerDatabase } from './open-ledger.ts'
import { attempt, configuration, execution } from './schema/index.ts'

/** How long one successful attempt took, with what that depends on. */
export interface AttemptDuration {
  /** By the worker's clock. */
  readonly seconds: number
  readonly device: string | null
  /** The stage's parameters, to scale by. */
  readonly parameters: Json
}

/** The latest successful attempts at a stage, newest first, for estimating what the next ones cost. */
export async function attemptDurations(
  db: LedgerDatabase,
  stage: StageIdentity['stage'],
  /** Null takes every backbone, and the stages that belong to none. */
  backbone: string | null,
  limit = 100,
): Promise<AttemptDuration[]> {
  const rows = await db
    .select({
      startedAt: attempt.startedAt,
      endedAt: attempt.endedAt,
      device: attempt.device,
      parameters: execution.parameters,
    })
    .from(execution)
    .innerJoin(attempt, eq(attempt.stageKey, execution.stageKey))
    .leftJoin(configuration, eq(configuration.id, execution.configurationId))
    .where(
      and(
        eq(execution.stage, stage),
        backbone === null ? undefined : eq(configuration.backbone, backbone),
        eq(attempt.outcome, 'fulfilled'),
        gt(attempt.endedAt, attempt.startedAt), // a clock set back in between makes no duration
      ),
    )
    .orderBy(desc(attempt.endedAt))
    .limit(limit)
  return rows.map(({ startedAt, endedAt, device, parameters }) => {
    return { seconds: (endedAt!.getTime() - startedAt.getTime()) / 1000, device, parameters }
  })
}
