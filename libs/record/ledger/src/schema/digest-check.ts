import { sql } from 'drizzle-orm'
import { check, type AnyPgColumn } from 'drizzle-orm/pg-core'

/** The constraint that a column holds 64 lowercase hexadecimal digits, as every digest has. */
export function digestCheck(name: string, column: AnyPgColumn) {
  return check(name, sql`${column} ~ '^[0-9a-f]{64}$'`)
}
