import { integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import type { Json } from '@gauntlet/study'
import { jsonDocument } from './json-document.ts'
import { study } from './study.ts'

/** A cell that the study's author left out, and why. */
export const exclusion = pgTable(
  'exclusion',
  {
    studyId: text('study_id')
      .notNull()
      .references(() => study.id),
    /** From 0, in the order of the expansion. */
    position: integer().notNull(),
    /** The cell as the study file names it. */
    cell: jsonDocument().$type<Json>().notNull(),
    reason: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.studyId, table.position] })],
)
