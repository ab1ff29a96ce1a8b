import { and, desc, eq, sql } from 'drizzle-orm'
import { digestOf, type Json } from '@gauntlet/study'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { poolDescription } from '../schema/index.ts'

/** What a pool's workers said of themselves, and when they last did. */
export interface RecordedPool {
  readonly document: Json
  readonly describedAt: Date
}

/** Keeps what a pool's workers said of themselves; saying it again only renews its time. */
export async function recordPool(db: LedgerDatabase, pool: string, document: Json): Promise<void> {
  await db
    .insert(poolDescription)
    .values({ pool, digest: digestOf(document), document })
    .onConflictDoUpdate({
      target: [poolDescription.pool, poolDescription.digest],
      set: { describedAt: sql`now()` },
    })
}

/**
 * The last description of a pool that has the digests of all these codes, or null where none was ever kept. Studies ask
 * a pool for the codes of their own stages only, so the last description of all may be of other ones.
 */
export async function lastPoolDescription(
  db: LedgerDatabase,
  pool: string,
  codes: readonly string[],
): Promise<RecordedPool | null> {
  const digests = sql`${poolDescription.document} -> 'codeDigests'`
  const [found] = await db
    .select({ document: poolDescription.document, describedAt: poolDescription.describedAt })
    .from(poolDescription)
    .where(and(eq(poolDescription.pool, pool), sql`${digests} ?& ${sql.param([...codes])}::text[]`))
    .orderBy(desc(poolDescription.describedAt))
    .limit(1)
  return found ? { document: found.document as Json, describedAt: found.describedAt } : null
}
