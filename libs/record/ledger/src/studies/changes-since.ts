import type { Digest } from '@gauntlet/study'
import { sql, type SQL } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import {
  configurationFailure,
  execution,
  measurement,
  poolDescription,
  study,
  studyAnnotation,
  studyConfiguration,
  withdrawal,
} from '../schema/index.ts'

/** What was written since a position of the ledger. */
export interface LedgerChanges {
  /** Where to go on from: the next call takes it. */
  readonly position: string
  /** Configurations with a stage, a number or a failure that was written. */
  readonly configurations: readonly Digest[]
  /** Studies that are new or contain such a configuration. */
  readonly studies: readonly Digest[]
  /** Whether a stage was withdrawn, or made again after that, on which many configurations may rest. */
  readonly hasWithdrawnShared: boolean
  /** Pools whose workers have described themselves. */
  readonly pools: readonly string[]
  /** The position is not one of this ledger, which was replaced or restored: the reader must read everything again. */
  readonly isOther: boolean
}

/**
 * Finds what was written since `position`; of a reader that has none, nothing but the position to begin from. A
 * position is the oldest transaction that was running when the ledger was read: everything of older ones was seen by
 * then. Rows are found by the transaction that wrote them last, so a reader that was away misses nothing, although
 * transactions commit in another order than they begin in. A row may be found twice, and a row that was written often
 * is found once.
 */
export async function changesSince(db: LedgerDatabase, position: string | null): Promise<LedgerChanges> {
  const { rows } = await db.execute<LedgerChanges & { readonly [column: string]: unknown }>(sql`
    with horizon as (select pg_snapshot_xmin(pg_current_snapshot()) as position),
    configurations as (
      ${written(measurement, measurement.configurationId, position)}
      union ${written(configurationFailure, configurationFailure.configurationId, position)}
      union ${written(execution, execution.configurationId, position)}
    ),
    studies as (
      ${written(study, study.id, position)}
      union ${written(studyAnnotation, studyAnnotation.studyId, position)}
      union select study_id from ${studyConfiguration} join configurations on configuration_id = configurations.id
    )
    select
      (select position::text from horizon) as position,
      array(select id from configurations where id is not null) as configurations,
      array(select id from studies) as studies,
      exists(
        select from ${execution} join ${withdrawal} on ${withdrawal.stageKey} = ${execution.stageKey}
        where ${execution.configurationId} is null and ${isWritten(execution.changedIn, position)}
      ) as "hasWithdrawnShared",
      array(select id from (${written(poolDescription, poolDescription.pool, position)}) pools) as pools,
      coalesce(${position}::text::xid8 > (select position from horizon), false) as "isOther"`)
  return rows[0]!
}

/** The values of a column in the rows that transactions have written which ended since the position. */
function written(table: PgTable & { readonly changedIn: PgColumn }, column: PgColumn, position: string | null): SQL {
  return sql`select distinct ${column} as id from ${table} where ${isWritten(table.changedIn, position)}`
}

/** The condition that a row was written last by a transaction that ended since the position. */
function isWritten(changedIn: PgColumn, position: string | null): SQL {
  return sql`${changedIn} >= ${position}::text::xid8 and ${changedIn} < (select position from horizon)`
}
