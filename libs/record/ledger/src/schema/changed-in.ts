import { sql } from 'drizzle-orm'
import { customType } from 'drizzle-orm/pg-core'

const xid8 = customType<{ data: string; driverData: string }>({ dataType: () => 'xid8' })

/**
 * The column that names the transaction which wrote a row last, so that readers find what changed since they last
 * looked (`changesSince`). A trigger renews it with every update (migration 0005).
 */
export function changedIn() {
  return xid8('changed_in')
    .notNull()
    .default(sql`pg_current_xact_id()`)
}
