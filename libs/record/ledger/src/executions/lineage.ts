import { sql } from 'drizzle-orm'
import type { Digest } from '@gauntlet/study'
import { anyOf } from '../database/any-of.ts'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { execution, executionArtifact } from '../schema/index.ts'

/** The keys of these executions and of every execution that they rest on. */
export async function lineageOf(db: LedgerDatabase, stageKeys: readonly Digest[]): Promise<Digest[]> {
  const { rows } = await db.execute<{ stage_key: Digest }>(lineageFrom(stageKeys))
  return rows.map((row) => row.stage_key)
}

/**
 * The query of `lineageOf`, back along used and generated artifacts. Several executions may have made the same bytes;
 * one counts as their producer only if it was fulfilled no later than the execution that used them. `offset 0` makes
 * Postgres look up each row: it expects many rows of every step, and would read whole tables.
 */
export function lineageFrom(stageKeys: readonly Digest[]) {
  return sql`
    with recursive lineage (stage_key, fulfilled_at) as (
      select stage_key, fulfilled_at from ${execution} where stage_key = ${anyOf(stageKeys)}
      union
      select producer.stage_key, producer.fulfilled_at
      from lineage consumer
      cross join lateral (
        select digest from ${executionArtifact} where stage_key = consumer.stage_key and direction = 'used' offset 0
      ) used
      cross join lateral (
        select stage_key from ${executionArtifact}
        where digest = used.digest and direction = 'generated' and stage_key <> consumer.stage_key offset 0
      ) made
      cross join lateral (
        select stage_key, fulfilled_at from ${execution}
        where stage_key = made.stage_key and fulfilled_at <= consumer.fulfilled_at offset 0
      ) producer
    )
    select stage_key from lineage`
}

/**
 * The same keys for thousands of executions, which must have rows: a level of the DAG at a time. Postgres is free to
 * join whole tables, which for a whole study takes half of the time of `lineageOf`.
 */
export async function lineageOfMany(db: LedgerDatabase, stageKeys: readonly Digest[]): Promise<Digest[]> {
  const found = new Set(stageKeys)
  let open = [...found]
  while (open.length > 0) {
    const { rows } = await db.execute<{ key: Digest }>(sql`
      select distinct producer.stage_key as key from ${execution} consumer
      join ${executionArtifact} used on used.stage_key = consumer.stage_key and used.direction = 'used'
      join ${executionArtifact} made on made.digest = used.digest and made.direction = 'generated'
        and made.stage_key <> consumer.stage_key
      join ${execution} producer on producer.stage_key = made.stage_key
        and producer.fulfilled_at <= consumer.fulfilled_at
      where consumer.stage_key = ${anyOf(open)}`)
    open = rows.map(({ key }) => key).filter((key) => !found.has(key))
    for (const key of open) found.add(key)
  }
  return [...found]
}
