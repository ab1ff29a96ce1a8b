import { index, integer, pgTable } from 'drizzle-orm/pg-core'
import { bridge } from './bridge.ts'
import { reproduction } from './reproduction.ts'

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
