import { index, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { Json } from '@gauntlet/study'
import { artifact } from './artifact.ts'
import { digestCheck } from './digest-check.ts'
import { jsonDocument } from './json-document.ts'

/** A perturbation of a published table, as far as the table or its mapping says what it was. */
export interface ClaimedPerturbation {
  readonly name: string
  /** Where the table has its accuracies; null where the table has no columns. */
  readonly column: string | null
  /** Radius for pixels in [0, 1]; null where there is no ball, or nobody says. */
  readonly epsilon: number | null
  /** The evaluator's label; null where nobody says. */
  readonly evaluator: string | null
}

/** A published table that was imported: its numbers are claimed, and none of them was measured here. */
export const importedStudy = pgTable(
  'imported_study',
  {
    /** Digest of the name, the file's digest and how it was read: the same import has the same id in every ledger. */
    id: text().primaryKey(),
    name: text().notNull(),
    /** What the user called the file. */
    fileName: text('file_name').notNull(),
    /** The file's bytes, which the numbers can be read from again. */
    fileDigest: text('file_digest')
      .notNull()
      .references(() => artifact.digest),
    /** The format of the file, with its mapping where it has one. */
    reading: jsonDocument().$type<Json>().notNull(),
    /** In the order of the table. */
    perturbations: jsonb().$type<readonly ClaimedPerturbation[]>().notNull(),
    /** When it was last imported. */
    importedAt: timestamp('imported_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    digestCheck('imported_study_id_is_digest', table.id),
    index('imported_study_by_name').on(table.name, table.importedAt),
  ],
)
