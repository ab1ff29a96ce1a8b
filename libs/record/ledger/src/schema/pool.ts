import { sql } from 'drizzle-orm'
import { check, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'
import type { PoolDeclaration } from '@gauntlet/contract'
import type { Digest, Json } from '@gauntlet/study'
import { digestCheck } from './digest-check.ts'
import { jsonDocument } from './json-document.ts'

/** A pool of workers as somebody declared it. Every version is kept; the last one counts. */
export const pool = pgTable(
  'pool',
  {
    name: text().notNull(),
    /** From 1. */
    version: integer().notNull(),
    declaration: jsonDocument().$type<PoolDeclaration>().notNull(),
    declaredAt: timestamp('declared_at', { withTimezone: true }).notNull().defaultNow(),
    /** The environment of the first worker that answered, to which the pool is held. Null before that. */
    environmentClass: text('environment_class').$type<Digest>(),
    environment: jsonDocument().$type<Json>(),
  },
  (table) => [
    primaryKey({ columns: [table.name, table.version] }),
    check('pool_version_from_one', sql`${table.version} >= 1`),
    digestCheck('pool_environment_class_is_digest', table.environmentClass),
    check('pool_environment_whole', sql`(${table.environmentClass} is null) = (${table.environment} is null)`),
  ],
)
