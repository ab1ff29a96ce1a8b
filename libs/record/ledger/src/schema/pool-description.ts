import { index, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'
import { jsonDocument } from './json-document.ts'
import { changedIn } from './changed-in.ts'
import { digestCheck } from './digest-check.ts'

/**
 * What the workers of a pool said of themselves, each description once. Where no worker can be asked, such as on a
 * login node, tables and plans go by the last one.
 */
export const poolDescription = pgTable(
  'pool_description',
  {
    pool: text().notNull(),
    /** Digest of the document. */
    digest: text().notNull(),
    document: jsonDocument().notNull(),
    /** When a study last found the pool so described. */
    describedAt: timestamp('described_at', { withTimezone: true }).notNull().defaultNow(),
    changedIn: changedIn(),
  },
  (table) => [
    primaryKey({ columns: [table.pool, table.digest] }),
    digestCheck('pool_description_digest_is_digest', table.digest),
    index('pool_description_by_time').on(table.pool, table.describedAt),
    index('pool_description_by_change').on(table.changedIn),
  ],
)
