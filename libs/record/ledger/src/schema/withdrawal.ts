import { foreignKey, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'
import type { Digest, Json } from '@gauntlet/study'
import { attempt } from './attempt.ts'
import { jsonDocument } from './json-document.ts'

/**
 * A fulfilment that no longer stands, because the store had lost what it made and another attempt made other bytes. Its
 * lineage and its numbers are kept as they were.
 */
export const withdrawal = pgTable(
  'withdrawal',
  {
    stageKey: text('stage_key').notNull(),
    /** The attempt whose fulfilment was withdrawn. */
    attemptId: text('attempt_id').notNull(),
    fulfilledAt: timestamp('fulfilled_at', { withTimezone: true }).notNull(),
    withdrawnAt: timestamp('withdrawn_at', { withTimezone: true }).notNull().defaultNow(),
    reason: text().notNull(),
    /** Digest of each artifact by role. */
    used: jsonDocument().$type<Readonly<Record<string, Digest>>>().notNull(),
    generated: jsonDocument().$type<Readonly<Record<string, Digest>>>().notNull(),
    /** The rows of the measurements that were counted from it. */
    measurements: jsonDocument().$type<readonly Json[]>().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.stageKey, table.attemptId] }),
    foreignKey({
      columns: [table.stageKey, table.attemptId],
      foreignColumns: [attempt.stageKey, attempt.id],
      name: 'withdrawal_of_attempt',
    }),
  ],
)
