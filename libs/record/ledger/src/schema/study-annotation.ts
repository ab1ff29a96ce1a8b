import { sql } from 'drizzle-orm'
import { check, index, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import { changedIn } from './changed-in.ts'
import { study } from './study.ts'

/** What people write about a study. It may change at any time, is part of no identity, and no number depends on it. */
export const studyAnnotation = pgTable(
  'study_annotation',
  {
    studyId: text('study_id')
      .primaryKey()
      .references(() => study.id),
    /** Who answers for it. */
    owner: text(),
    labels: text().array().notNull().default([]),
    notes: text(),
    writtenAt: timestamp('written_at', { withTimezone: true }).notNull().defaultNow(),
    changedIn: changedIn(),
  },
  (table) => [
    check(
      'study_annotation_is_short',
      sql`length(${table.owner}) <= 200 and length(${table.notes}) <= 10000 and cardinality(${table.labels}) <= 50`,
    ),
    index('study_annotation_by_change').on(table.changedIn),
  ],
)
