import { sql } from 'drizzle-orm'
import { bigint, check, index, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { Digest, Json, StageIdentity } from '@gauntlet/study'
import { configuration } from './configuration.ts'
import { changedIn } from './changed-in.ts'
import { digestCheck } from './digest-check.ts'
import { environment } from './environment.ts'
import { jsonDocument } from './json-document.ts'

const executionStates = ['open', 'fulfilled'] as const

/** A stage with everything that can change its result, from which its key is computed. Fulfilled at most once. */
export const execution = pgTable(
  'execution',
  {
    stageKey: text('stage_key').primaryKey(),
    stage: text().$type<StageIdentity['stage']>().notNull(),
    /** The configuration that asked for it first; null for a stage shared by many. */
    configurationId: text('configuration_id').references(() => configuration.id),
    parameters: jsonDocument().$type<Json>().notNull(),
    seed: bigint({ mode: 'number' }).notNull(),
    codeDigest: text('code_digest').notNull(),
    environmentClass: text('environment_class')
      .notNull()
      .references(() => environment.class),
    /** Digest of each input by role, as the key was computed from it. */
    inputs: jsonDocument().$type<Readonly<Record<string, Digest>>>().notNull(),
    state: text({ enum: executionStates }).notNull().default('open'),
    fulfilledAt: timestamp('fulfilled_at', { withTimezone: true }),
    changedIn: changedIn(),
  },
  (table) => [
    digestCheck('execution_stage_key_is_digest', table.stageKey),
    digestCheck('execution_code_digest_is_digest', table.codeDigest),
    check('execution_state_known', sql`${table.state} in ('open', 'fulfilled')`),
    check('execution_fulfilled_has_time', sql`(${table.state} = 'fulfilled') = (${table.fulfilledAt} is not null)`),
    index('execution_by_stage').on(table.stage, table.configurationId),
    index('execution_by_configuration').on(table.configurationId),
    index('execution_by_change').on(table.changedIn),
  ],
)
