import { index, pgTable, text, timestamp, type AnyPgColumn } from 'drizzle-orm/pg-core'
import type { Json } from '@gauntlet/study'
import { changedIn } from './changed-in.ts'
import { digestCheck } from './digest-check.ts'
import { jsonDocument } from './json-document.ts'

/** A declared grid as it was when it first ran; the row never changes. */
export const study = pgTable(
  'study',
  {
    /** Digest of the study's canonical form. */
    id: text().primaryKey(),
    name: text().notNull(),
    document: jsonDocument().$type<Json>().notNull(),
    /** The study file's text as the user wrote it. */
    file: text().notNull(),
    /** The study that it was made of by an extension while that ran. */
    extends: text().references((): AnyPgColumn => study.id),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    changedIn: changedIn(),
  },
  (table) => [
    digestCheck('study_id_is_digest', table.id),
    index('study_by_name').on(table.name, table.createdAt),
    index('study_by_change').on(table.changedIn),
  ],
)
