import { pgTable, text } from 'drizzle-orm/pg-core'
import type { Json } from '@gauntlet/study'
import { digestCheck } from './digest-check.ts'
import { jsonDocument } from './json-document.ts'

/** What a machine contributes to a result: engine, device class, threads, precision. */
export const environment = pgTable(
  'environment',
  {
    class: text().primaryKey(),
    /** Null until an attempt has described it. */
    document: jsonDocument().$type<Json>(),
  },
  (table) => [digestCheck('environment_class_is_digest', table.class)],
)
