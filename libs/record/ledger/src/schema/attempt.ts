import { sql } from 'drizzle-orm'
import { check, integer, pgTable, primaryKey, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core'
import type { Digest, Json } from '@gauntlet/study'
import { execution } from './execution.ts'
import { jsonDocument } from './json-document.ts'

const attemptOutcomes = ['running', 'fulfilled', 'failed', 'cancelled', 'superseded', 'withdrawn'] as const

/**
 * One try at a stage, kept for ever. `running`: it waits for a device, or works. `superseded`: it finished after
 * another attempt had fulfilled the stage. `withdrawn`: it fulfilled the stage, and the store has lost what it made.
 */
export const attempt = pgTable(
  'attempt',
  {
    stageKey: text('stage_key')
      .notNull()
      .references(() => execution.stageKey),
    /** Chosen by the program that runs the attempt; the same however often the attempt is reported. */
    id: text().notNull(),
    /** From 1. */
    number: integer().notNull(),
    /** Null until a worker has reported. */
    worker: text(),
    device: text(),
    startedAt: timestamp('started_at', { withTimezone: true }).notNull(),
    /** By the worker's clock, as `startedAt`. */
    endedAt: timestamp('ended_at', { withTimezone: true }),
    outcome: text({ enum: attemptOutcomes }).notNull(),
    failureClass: text('failure_class'),
    message: text(),
    workflowId: text('workflow_id'),
    runId: text('run_id'),
    /** Digest of each artifact the attempt made, by role: the evidence when a later attempt makes other bytes. */
    generated: jsonDocument().$type<Readonly<Record<string, Digest>>>(),
    /** Source revision and whether the tree was dirty, where it resumed, its last progress, … */
    details: jsonDocument().$type<Json>().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.stageKey, table.id] }),
    uniqueIndex('attempt_one_fulfilled')
      .on(table.stageKey)
      .where(sql`${table.outcome} = 'fulfilled'`),
    check('attempt_number_from_one', sql`${table.number} >= 1`),
    check(
      'attempt_outcome_known',
      sql`${table.outcome} in ('running', 'fulfilled', 'failed', 'cancelled', 'superseded', 'withdrawn')`,
    ),
    check('attempt_ended_unless_running', sql`(${table.outcome} = 'running') = (${table.endedAt} is null)`),
    check('attempt_failed_has_class', sql`(${table.outcome} = 'failed') = (${table.failureClass} is not null)`),
    check(
      'attempt_finished_names_artifacts',
      sql`${table.outcome} in ('running', 'failed', 'cancelled') or ${table.generated} is not null`,
    ),
  ],
)
