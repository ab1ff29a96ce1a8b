import { integer, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core'
import { perturbation } from './perturbation.ts'
import { study } from './study.ts'

/** Which perturbations a study measures each configuration under, in the order of its table. */
export const studyPerturbation = pgTable(
  'study_perturbation',
  {
    studyId: text('study_id')
      .notNull()
      .references(() => study.id),
    perturbationKey: text('perturbation_key')
      .notNull()
      .references(() => perturbation.key),
    /** From 0. */
    position: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.studyId, table.perturbationKey] }),
    unique('study_perturbation_position').on(table.studyId, table.position),
  ],
)
