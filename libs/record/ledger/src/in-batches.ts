/** Rows of one insert. Postgres takes at most 65,535 parameters in a statement. */
const rowsPerInsert = 1000

/** The rows as parts that one insert takes each. */
export function inBatches<Row>(rows: readonly Row[]): Row[][] {
  return Array.from({ length: Math.ceil(rows.length / rowsPerInsert) }, (_, i) =>
    rows.slice(i * rowsPerInsert, (i + 1) * rowsPerInsert),
  )
}
