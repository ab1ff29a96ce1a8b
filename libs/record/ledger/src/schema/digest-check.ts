import { sql } from 'drizzle-orm'
import { check, type AnyPgColumn } from 'drizzle-orm/pg-core'

/** A column of digests holds 64 lowercase hexadecimal digits; anything else was never the digest of something. */
export function digestCheck(name: string, column: AnyPgColumn) {
  return check(name, sql`${column} ~ '^[0-9a-f]{64}$'`)
}
