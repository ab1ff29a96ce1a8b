import { desc, eq, sql } from 'drizzle-orm'
import type { Digest, Json } from '@gauntlet/study'
import type { LedgerDatabase } from '../database/open-ledger.ts'
import { environment, measurement, reproduction } from '../schema/index.ts'
import { documentOf } from '../schema/json-document.ts'

/** A number that was computed again, and what came of it. */
export type Reproduction = typeof reproduction.$inferSelect

/** What is recorded of a number that was computed again. */
export interface ReproductionRecord extends Omit<typeof reproduction.$inferInsert, 'id' | 'ranAt' | 'details'> {
  /** The description of `environmentClass`. */
  readonly environment: Json
  readonly details: Json
}

/** Records that a number was computed again, and gives the number of the row. */
export async function recordReproduction(db: LedgerDatabase, record: ReproductionRecord): Promise<number> {
  const { environment: document, details, ...columns } = record
  return db.transaction(async (transaction) => {
    await transaction
      .insert(environment)
      .values({ class: columns.environmentClass, document: documentOf(document) })
      .onConflictDoNothing()
    const [row] = await transaction
      .insert(reproduction)
      .values({ ...columns, details: documentOf(details) })
      .returning({ id: reproduction.id })
    // A doubt may be answered by it, which readers that follow the ledger are to see.
    await transaction
      .update(measurement)
      .set({ id: sql`${measurement.id}` })
      .where(eq(measurement.id, columns.measurementId))
    return row!.id
  })
}

/** How often a number was computed again, the last time first. */
export function reproductionsOf(db: LedgerDatabase, measurementId: Digest): Promise<Reproduction[]> {
  return db
    .select()
    .from(reproduction)
    .where(eq(reproduction.measurementId, measurementId))
    .orderBy(desc(reproduction.id))
}
