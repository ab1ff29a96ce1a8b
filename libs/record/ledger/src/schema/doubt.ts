import { sql } from 'drizzle-orm'
import { check, index, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { Digest } from '@gauntlet/study'
import { digestCheck } from './digest-check.ts'

/** Somebody's doubt about bytes: an artifact, the bundle of a stage, or the source of a dataset or of weights. */
export const doubt = pgTable(
  'doubt',
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    digest: text().$type<Digest>().notNull(),
    why: text().notNull(),
    raisedAt: timestamp('raised_at', { withTimezone: true }).notNull().defaultNow(),
    /** Null while the doubt stands. */
    withdrawnAt: timestamp('withdrawn_at', { withTimezone: true }),
    withdrawnWhy: text('withdrawn_why'),
  },
  (table) => [
    digestCheck('doubt_digest_is_digest', table.digest),
    check('doubt_says_why', sql`${table.why} <> ''`),
    check('doubt_withdrawn_says_why', sql`(${table.withdrawnAt} is null) = (${table.withdrawnWhy} is null)`),
    index('doubt_by_digest').on(table.digest),
  ],
)
