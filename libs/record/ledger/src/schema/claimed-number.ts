import { sql } from 'drizzle-orm'
import { check, doublePrecision, foreignKey, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { claimedConfiguration } from './claimed-configuration.ts'

/**
 * An accuracy that somebody published. It is kept apart from measurements, which name the evaluation and the outcomes
 * they were counted from: of a claimed number nobody here knows either, and it can never become one.
 */
export const claimedNumber = pgTable(
  'claimed_number',
  {
    studyId: text('study_id').notNull(),
    row: integer().notNull(),
    /** The name that the imported study has for it. */
    perturbation: text().notNull(),
    accuracy: doublePrecision().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.studyId, table.row, table.perturbation] }),
    foreignKey({
      columns: [table.studyId, table.row],
      foreignColumns: [claimedConfiguration.studyId, claimedConfiguration.row],
      name: 'claimed_number_of_row',
    }),
    check('claimed_number_accuracy_in_range', sql`${table.accuracy} between 0 and 1`),
  ],
)
