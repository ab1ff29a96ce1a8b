import { pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { Digest } from '@gauntlet/study'
import { configuration } from './configuration.ts'

/** The declared pool in which a configuration runs, where it stays, so that its keys agree. */
export const placement = pgTable('placement', {
  configurationId: text('configuration_id')
    .$type<Digest>()
    .primaryKey()
    .references(() => configuration.id),
  pool: text().notNull(),
  placedAt: timestamp('placed_at', { withTimezone: true }).notNull().defaultNow(),
})
