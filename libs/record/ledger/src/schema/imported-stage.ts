import { index, pgTable, text } from 'drizzle-orm/pg-core'
import { execution } from './execution.ts'
import { seal } from './seal.ts'

/** A stage that was fulfilled elsewhere and is known by an import: its outputs rest on the word of who sealed them. */
export const importedStage = pgTable(
  'imported_stage',
  {
    stageKey: text('stage_key')
      .primaryKey()
      .references(() => execution.stageKey),
    sealDigest: text('seal_digest')
      .notNull()
      .references(() => seal.digest),
  },
  (table) => [index('imported_stage_by_seal').on(table.sealDigest)],
)
