import { sql } from 'drizzle-orm'
import { check, foreignKey, index, pgTable, text, timestamp, unique } from 'drizzle-orm/pg-core'
import type { Json, StageName } from '@gauntlet/study'
import { changedIn } from './changed-in.ts'
import { jsonDocument } from './json-document.ts'
import { perturbation } from './perturbation.ts'
import { studyConfiguration } from './study-configuration.ts'

/**
 * Why cells of a study have no number: the last failure of each stage key of a configuration, by perturbation. Failures
 * of other code or of another environment have other keys and stay beside it.
 */
export const configurationFailure = pgTable(
  'configuration_failure',
  {
    studyId: text('study_id').notNull(),
    configurationId: text('configuration_id').notNull(),
    stage: text().$type<StageName>().notNull(),
    /** Null for a failure of the whole configuration. */
    perturbationKey: text('perturbation_key').references(() => perturbation.key),
    /** The key of the stage that failed; null where no stage was tried. */
    stageKey: text('stage_key'),
    failureClass: text('failure_class').notNull(),
    message: text().notNull(),
    /** Facts in support of the message. The ledger worker records JSON's null, since the message says all it knows. */
    evidence: jsonDocument().$type<Json>().notNull(),
    recordedAt: timestamp('recorded_at', { withTimezone: true }).notNull().defaultNow(),
    changedIn: changedIn(),
  },
  (table) => [
    foreignKey({
      columns: [table.studyId, table.configurationId],
      foreignColumns: [studyConfiguration.studyId, studyConfiguration.configurationId],
      name: 'configuration_failure_of_study',
    }),
    unique('configuration_failure_one_per_stage')
      .on(table.studyId, table.configurationId, table.stage, table.perturbationKey, table.stageKey)
      .nullsNotDistinct(),
    check('configuration_failure_has_class', sql`${table.failureClass} <> ''`),
    index('configuration_failure_by_cell').on(table.studyId, table.configurationId),
    index('configuration_failure_by_change').on(table.changedIn),
  ],
)
