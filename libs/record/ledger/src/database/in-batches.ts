/** Rows of one insert. Postgres takes at most 65,535 parameters in a statement. */
const rowsPerInsert = 1000

/** The rows as parts of at most `size`, which by default one insert takes. */
export function inBatches<Row>(rows: readonly Row[], size = rowsPerInsert): Row[][] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.slice(i * size, (i + 1) * size))
}
