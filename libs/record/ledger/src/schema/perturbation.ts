import { sql } from 'drizzle-orm'
import { check, doublePrecision, pgTable, text } from 'drizzle-orm/pg-core'
import type { Perturbation } from '@gauntlet/study'
import { digestCheck } from './digest-check.ts'
import { jsonDocument } from './json-document.ts'

/** What a number is measured under: name, strength and evaluator. Another evaluator makes another perturbation. */
export const perturbation = pgTable(
  'perturbation',
  {
    /** Digest of the perturbation's canonical form. */
    key: text().primaryKey(),
    name: text().notNull(),
    /** Radius of the ball in the norm of `name`, for pixels in [0, 1]; null where there is no ball. */
    epsilon: doublePrecision(),
    /** The evaluator's label as tables show it. */
    evaluator: text().notNull(),
    document: jsonDocument().$type<Perturbation>().notNull(),
  },
  (table) => [
    digestCheck('perturbation_key_is_digest', table.key),
    check('perturbation_epsilon_not_negative', sql`${table.epsilon} >= 0`),
  ],
)
