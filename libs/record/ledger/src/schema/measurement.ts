import type { EvaluationFlag } from '@gauntlet/study'
import { sql } from 'drizzle-orm'
import { check, index, integer, jsonb, pgTable, text, timestamp, unique } from 'drizzle-orm/pg-core'
import { artifact } from './artifact.ts'
import { configuration } from './configuration.ts'
import { changedIn } from './changed-in.ts'
import { digestCheck } from './digest-check.ts'
import { execution } from './execution.ts'
import { perturbation } from './perturbation.ts'

/** Correct out of total, of one configuration under one perturbation, counted from the outcomes of one evaluation. */
export const measurement = pgTable(
  'measurement',
  {
    /** Digest of (configuration, perturbation, stage key): the same number has the same id in every ledger. */
    id: text().primaryKey(),
    configurationId: text('configuration_id')
      .notNull()
      .references(() => configuration.id),
    perturbationKey: text('perturbation_key')
      .notNull()
      .references(() => perturbation.key),
    /** The perturb-and-evaluate execution that made the outcomes. */
    stageKey: text('stage_key')
      .notNull()
      .references(() => execution.stageKey),
    outcomesDigest: text('outcomes_digest')
      .notNull()
      .references(() => artifact.digest),
    /** The evaluator's label. */
    evaluator: text().notNull(),
    /** Reasons to doubt the number, as the facts of its outcomes have them. */
    flags: jsonb().$type<readonly EvaluationFlag[]>().notNull().default([]),
    correct: integer().notNull(),
    total: integer().notNull(),
    recordedAt: timestamp('recorded_at', { withTimezone: true }).notNull().defaultNow(),
    /** When a run last recorded this number. A table shows the measurement that was confirmed last. */
    confirmedAt: timestamp('confirmed_at', { withTimezone: true }).notNull().defaultNow(),
    changedIn: changedIn(),
  },
  (table) => [
    digestCheck('measurement_id_is_digest', table.id),
    unique('measurement_of_evaluation').on(table.configurationId, table.perturbationKey, table.stageKey),
    check('measurement_total_positive', sql`${table.total} > 0`),
    check('measurement_correct_in_range', sql`${table.correct} between 0 and ${table.total}`),
    index('measurement_by_stage').on(table.stageKey),
    index('measurement_by_outcomes').on(table.outcomesDigest),
    index('measurement_by_change').on(table.changedIn),
  ],
)
