import { customType } from 'drizzle-orm/pg-core'
import { sql, type SQL } from 'drizzle-orm'
import type { Json } from '@gauntlet/study'

/** A jsonb column that gives back what it was given; drizzle's own reads the text "5" back as the number 5. */
export const jsonDocument = customType<{ data: unknown; driverData: unknown }>({
  dataType: () => 'jsonb',
  toDriver: (value) => JSON.stringify(value),
})

/** A value for such a column when it may be JSON's null, which is not SQL's. */
export function documentOf(value: Json): Json | SQL<Json> {
  return value === null ? sql<Json>`'null'::jsonb` : value
}
