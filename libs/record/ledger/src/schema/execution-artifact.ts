import { sql } from 'drizzle-orm'
import { check, index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { artifact } from './artifact.ts'
import { execution } from './execution.ts'

const directions = ['used', 'generated'] as const

/** The edges of the lineage graph: execution —used→ artifact, execution —generated→ artifact. */
export const executionArtifact = pgTable(
  'execution_artifact',
  {
    stageKey: text('stage_key')
      .notNull()
      .references(() => execution.stageKey),
    direction: text({ enum: directions }).notNull(),
    /** `manifest`, `parameters`, `checkpoint`, `outcomes`, … */
    role: text().notNull(),
    digest: text()
      .notNull()
      .references(() => artifact.digest),
  },
  (table) => [
    primaryKey({ columns: [table.stageKey, table.direction, table.role] }),
    check('execution_artifact_direction_known', sql`${table.direction} in ('used', 'generated')`),
    index('execution_artifact_by_digest').on(table.digest, table.direction),
  ],
)
