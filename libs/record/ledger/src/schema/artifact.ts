import { sql } from 'drizzle-orm'
import { bigint, check, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import { digestCheck } from './digest-check.ts'

/** Immutable bytes that an execution used or generated. Whether they are still stored, only the store knows. */
export const artifact = pgTable(
  'artifact',
  {
    digest: text().primaryKey(),
    /** Bytes. */
    size: bigint({ mode: 'number' }).notNull(),
    mediaType: text('media_type').notNull(),
    recordedAt: timestamp('recorded_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    digestCheck('artifact_digest_is_digest', table.digest),
    check('artifact_size_not_negative', sql`${table.size} >= 0`),
  ],
)
