import { bigint, index, pgTable, text } from 'drizzle-orm/pg-core'
import type { Configuration } from '@gauntlet/study'
import { digestCheck } from './digest-check.ts'
import { jsonDocument } from './json-document.ts'

/** A configuration with everything resolved, shared by every study that contains it. */
export const configuration = pgTable(
  'configuration',
  {
    id: text().primaryKey(),
    dataset: text().notNull(),
    backbone: text().notNull(),
    loss: text().notNull(),
    protocol: text().notNull(),
    seed: bigint({ mode: 'number' }).notNull(),
    document: jsonDocument().$type<Configuration>().notNull(),
  },
  (table) => [
    digestCheck('configuration_id_is_digest', table.id),
    index('configuration_by_backbone').on(table.backbone),
  ],
)
