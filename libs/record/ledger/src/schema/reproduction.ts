import { sql } from 'drizzle-orm'
import { check, index, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { Digest, Json, StageName } from '@gauntlet/study'
import { digestCheck } from './digest-check.ts'
import { environment } from './environment.ts'
import { execution } from './execution.ts'
import { jsonDocument } from './json-document.ts'

/** How a number that was computed again compares with the recorded one, the closest first. */
export const reproductionVerdicts = ['same-bytes', 'same-outcomes', 'within-tolerance', 'differs'] as const

/** A number computed again from its recorded inputs, and what came of it. Rows are added and never changed. */
export const reproduction = pgTable(
  'reproduction',
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    /** The evaluation whose stages were executed again. */
    stageKey: text('stage_key')
      .$type<Digest>()
      .notNull()
      .references(() => execution.stageKey),
    /** No reference, since the row of a measurement goes when its fulfilment is withdrawn. */
    measurementId: text('measurement_id').$type<Digest>().notNull(),
    /** Whether the recorded bundles were executed, or those of the present sources. */
    code: text({ enum: ['recorded', 'current'] }).notNull(),
    verdict: text({ enum: reproductionVerdicts }).notNull(),
    /** The first stage that made other bytes; null where none did. */
    firstStage: text('first_stage').$type<StageName>(),
    /** The environment in which it was computed again. */
    environmentClass: text('environment_class')
      .$type<Digest>()
      .notNull()
      .references(() => environment.class),
    /** What each stage made, how many images changed, and what differs between the environments. */
    details: jsonDocument().$type<Json>().notNull(),
    ranAt: timestamp('ran_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    digestCheck('reproduction_measurement_is_digest', table.measurementId),
    check('reproduction_code_known', sql`${table.code} in ('recorded', 'current')`),
    check(
      'reproduction_verdict_known',
      sql`${table.verdict} in ('same-bytes', 'same-outcomes', 'within-tolerance', 'differs')`,
    ),
    check('reproduction_names_first_stage', sql`(${table.verdict} = 'same-bytes') = (${table.firstStage} is null)`),
    index('reproduction_by_stage').on(table.stageKey),
    index('reproduction_by_measurement').on(table.measurementId),
  ],
)
