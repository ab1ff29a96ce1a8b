import { index, integer, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core'
import { configuration } from './configuration.ts'
import { study } from './study.ts'

/** Which configurations a study consists of, in the order of its table. */
export const studyConfiguration = pgTable(
  'study_configuration',
  {
    studyId: text('study_id')
      .notNull()
      .references(() => study.id),
    configurationId: text('configuration_id')
      .notNull()
      .references(() => configuration.id),
    /** From 0. */
    position: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.studyId, table.configurationId] }),
    unique('study_configuration_position').on(table.studyId, table.position),
    index('study_configuration_by_configuration').on(table.configurationId),
  ],
)
