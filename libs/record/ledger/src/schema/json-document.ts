import { customType } from 'drizzle-orm/pg-core'
import { sql, type SQL } from 'drizzle-orm'
import type { Json } from '@gauntlet/study'

/** A jsonb column that gives back what was written. Drizzle's own gives the number 5 for the text "5". */
export const jsonDocument = customType<{ data: unknown; driverData: unknown }>({
  dataType: () => 'jsonb',
  toDriver: (value) => JSON.stringify(value),
})

/** A value for such a column. JSON's null is written as an expression, since drizzle writes null as that of SQL. */
export function documentOf(value: Json): Json | SQL<Json> {
  return value === null ? sql<Json>`'null'::jsonb` : value
}
