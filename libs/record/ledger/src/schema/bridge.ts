import { sql } from 'drizzle-orm'
import { check, doublePrecision, index, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'
import type { Digest } from '@gauntlet/study'
import { digestCheck } from './digest-check.ts'
import { execution } from './execution.ts'
import { reproduction } from './reproduction.ts'
import { study } from './study.ts'

/**
 * That the stages of a study count as done under other code than made them, because a sample of its numbers was
 * computed again by that code and every stage had the same bytes.
 */
export const bridge = pgTable(
  'bridge',
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    studyId: text('study_id')
      .$type<Digest>()
      .notNull()
      .references(() => study.id),
    /** The share of the numbers that was asked for, in (0, 1]. */
    share: doublePrecision().notNull(),
    /** How many numbers rest on its stages. */
    numbers: integer().notNull(),
    madeAt: timestamp('made_at', { withTimezone: true }).notNull().defaultNow(),
    /** Null while the bridge stands. */
    revokedAt: timestamp('revoked_at', { withTimezone: true }),
    revokedWhy: text('revoked_why'),
  },
  (table) => [
    check('bridge_share_in_range', sql`${table.share} > 0 and ${table.share} <= 1`),
    check('bridge_numbers_positive', sql`${table.numbers} > 0`),
    check('bridge_revoked_says_why', sql`(${table.revokedAt} is null) = (${table.revokedWhy} is null)`),
    index('bridge_of_study').on(table.studyId),
  ],
)

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

/** The reproductions that a bridge rests on. One that was used is not used again, so that a bridge is recorded once. */
export const bridgeEvidence = pgTable(
  'bridge_evidence',
  {
    reproductionId: integer('reproduction_id')
      .primaryKey()
      .references(() => reproduction.id),
    bridgeId: integer('bridge_id')
      .notNull()
      .references(() => bridge.id),
  },
  (table) => [index('bridge_evidence_of_bridge').on(table.bridgeId)],
)
