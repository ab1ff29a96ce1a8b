import { sql } from 'drizzle-orm'
import { check, index, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { Json } from '@gauntlet/study'
import { artifact } from './artifact.ts'
import { digestCheck } from './digest-check.ts'
import { jsonDocument } from './json-document.ts'
import { study } from './study.ts'

const origins = ['made', 'imported'] as const

/**
 * A seal on everything that the ledger had of a study, made here or brought by an import. The row never changes, but
 * that the list of leaves of an imported one becomes larger with what later imports disclose.
 */
export const seal = pgTable(
  'seal',
  {
    /** Digest of the document. */
    digest: text().primaryKey(),
    studyId: text('study_id')
      .notNull()
      .references(() => study.id),
    origin: text({ enum: origins }).notNull(),
    document: jsonDocument().$type<Json>().notNull(),
    /** The envelope with its signature; JSON's null where nobody has signed. */
    envelope: jsonDocument().$type<Json>().notNull(),
    /**
     * The list of the leaves, with which changed facts are named; null for an earlier seal that came with an import,
     * of which only the document is known.
     */
    leavesDigest: text('leaves_digest').references(() => artifact.digest),
    recordedAt: timestamp('recorded_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    digestCheck('seal_digest_is_digest', table.digest),
    check('seal_origin_known', sql`${table.origin} in ('made', 'imported')`),
    index('seal_of_study').on(table.studyId, table.recordedAt),
  ],
)
