import { sql } from 'drizzle-orm'
import type { Digest } from '@gauntlet/study'
import { execution, executionArtifact } from './schema/index.ts'

/**
 * The keys of these executions and of every one that they rest on, along used and generated artifacts. An execution is
 * taken for the producer of bytes only if it was fulfilled no later than the one that used them; several may have made
 * the same bytes. `offset 0` keeps Postgres, which expects many rows of every step, from reading whole tables instead
 * of looking up each row.
 */
export function lineageFrom(stageKeys: readonly Digest[]) {
  return sql`
    with recursive lineage (stage_key, fulfilled_at) as (
      select stage_key, fulfilled_at from ${execution} where stage_key = any(${sql.param([...stageKeys])}::text[])
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
