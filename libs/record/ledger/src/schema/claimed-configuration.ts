import { sql } from 'drizzle-orm'
import { bigint, check, integer, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core'
import { importedStudy } from './imported-study.ts'

/** A row of a published table: what its numbers are said to be numbers of. */
export const claimedConfiguration = pgTable(
  'claimed_configuration',
  {
    studyId: text('study_id')
      .notNull()
      .references(() => importedStudy.id),
    /** As spreadsheets number rows: the header of a table is row 1. */
    row: integer().notNull(),
    backbone: text().notNull(),
    dataset: text().notNull(),
    loss: text().notNull(),
    protocol: text().notNull(),
    /** Null where the table says none. */
    seed: bigint({ mode: 'number' }),
    /** The backbone's factors, as the table or the catalogue has them; null where nobody knows. */
    size: text(),
    type: text(),
    strategy: text(),
    /** What the table calls the backbone in figures. */
    displayName: text('display_name'),
  },
  (table) => [
    primaryKey({ columns: [table.studyId, table.row] }),
    unique('claimed_configuration_once')
      .on(table.studyId, table.backbone, table.dataset, table.loss, table.protocol, table.seed)
      .nullsNotDistinct(),
    check('claimed_configuration_row_from_one', sql`${table.row} >= 1`),
  ],
)
