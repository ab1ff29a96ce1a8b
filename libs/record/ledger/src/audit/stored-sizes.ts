import { sql } from 'drizzle-orm'
import type { StageName } from '@gauntlet/study'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { artifact, execution, executionArtifact } from '../schema/index.ts'

/** What stages have made in one role. */
export interface StoredRole {
  readonly stage: StageName
  readonly role: string
  /** How often something was made. */
  readonly made: number
  /** Different bytes among it, each stored once. */
  readonly artifacts: number
  /** Of these. */
  readonly bytes: number
  /** What it would take to store each time what was made. */
  readonly bytesMade: number
}

/** Everything that stages have made. */
export interface StoredSizes {
  /** The most bytes first. */
  readonly roles: readonly StoredRole[]
  /** Of different artifacts, whatever roles they have. */
  readonly bytes: number
}

/** How much stages have made, by stage and role, and together. */
export async function storedSizes(db: LedgerDatabase): Promise<StoredSizes> {
  const { rows: roles } = await db.execute<StoredRole & { readonly [column: string]: unknown }>(sql`
    select stage, role, sum(made)::int as made, count(*)::int as artifacts, sum(size)::float8 as bytes,
      sum(made * size)::float8 as "bytesMade"
    from (
      select e.stage, made.role, made.digest, count(*) as made
      from ${executionArtifact} made join ${execution} e on e.stage_key = made.stage_key
      where made.direction = 'generated' group by e.stage, made.role, made.digest
    ) made join ${artifact} a on a.digest = made.digest
    group by stage, role order by bytes desc, stage, role`)
  const { rows } = await db.execute<{ bytes: number }>(sql`
    select coalesce(sum(size), 0)::float8 as bytes from ${artifact}
    where digest in (select digest from ${executionArtifact} where direction = 'generated')`)
  return { roles, bytes: rows[0]!.bytes }
}
