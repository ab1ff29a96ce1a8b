import { sql, type SQL, type SQLWrapper } from 'drizzle-orm'

/**
 * Any of many keys, for the right side of `=`: one query serves a whole study (13,000 keys). They are one parameter, an
 * array: a list of thousands of parameters would be slow to plan, and Postgres takes at most 65,535.
 */
export function anyOf(keys: Iterable<string>): SQL {
  return sql`any(${sql.param([...keys])}::text[])`
}

/** The condition that a column has one of these keys. */
export function isAnyOf(column: SQLWrapper, keys: Iterable<string>): SQL {
  return sql`${column} = ${anyOf(keys)}`
}
