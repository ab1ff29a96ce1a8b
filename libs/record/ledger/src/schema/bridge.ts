import { sql } from 'drizzle-orm'
import { check, doublePrecision, index, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { Digest } from '@gauntlet/study'
import { study } from './study.ts'

/**
 * That the stages of a study count as done under other code than made them, because a sample of its numbers was
 * computed again by that code and every stage had the same bytes.
 */
export const bridge = pgTable(
  'bridge',
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    studyId: text('study_id')
      .$type<Digest>()
      .notNull()
      .references(() => study.id),
    /** The share of the numbers that was asked for, in (0, 1]. */
    share: doublePrecision().notNull(),
    /** How many numbers rest on its stages. */
    numbers: integer().notNull(),
    madeAt: timestamp('made_at', { withTimezone: true }).notNull().defaultNow(),
    /** Null while the bridge stands. */
    revokedAt: timestamp('revoked_at', { withTimezone: true }),
    revokedWhy: text('revoked_why'),
  },
  (table) => [
    check('bridge_share_in_range', sql`${table.share} > 0 and ${table.share} <= 1`),
    check('bridge_numbers_positive', sql`${table.numbers} > 0`),
    check('bridge_revoked_says_why', sql`(${table.revokedAt} is null) = (${table.revokedWhy} is null)`),
    index('bridge_of_study').on(table.studyId),
  ],
)
