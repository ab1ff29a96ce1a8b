import { sql } from 'drizzle-orm'
import { check, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import type { Digest } from '@gauntlet/study'
import { bridge } from './bridge.ts'
import { digestCheck } from './digest-check.ts'
import { execution } from './execution.ts'

/** A key under other code, and the fulfilled stage whose outputs it has. They differ in nothing but the code. */
export const bridgedStage = pgTable(
  'bridged_stage',
  {
    bridgeId: integer('bridge_id')
      .notNull()
      .references(() => bridge.id),
    stageKey: text('stage_key').$type<Digest>().notNull(),
    /** The other code. */
    codeDigest: text('code_digest').$type<Digest>().notNull(),
    recordedKey: text('recorded_key')
      .$type<Digest>()
      .notNull()
      .references(() => execution.stageKey),
  },
  (table) => [
    primaryKey({ columns: [table.bridgeId, table.stageKey] }),
    digestCheck('bridged_stage_key_is_digest', table.stageKey),
    digestCheck('bridged_stage_code_is_digest', table.codeDigest),
    check('bridged_stage_is_another', sql`${table.stageKey} <> ${table.recordedKey}`),
    index('bridged_stage_by_key').on(table.stageKey),
    index('bridged_stage_by_recorded').on(table.recordedKey),
  ],
)
