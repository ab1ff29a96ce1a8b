/** Rows of one insert. Postgres takes at most 65,535 parameters in a statement. */
const rowsPerInsert = 1000

/** The rows as parts of at most `size`, which by default one insert takes. */
export function inBatches<Row>(rows: readonly Row[], size = rowsPerInsert): Row[][] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.slice(i * size, (i + 1) * size))
}

/** Keys that one query of a whole study asks for. */
const keysPerPage = 1_000

/** What `read` gives for these keys, page by page. Postgres reads a page while the one before it is worked on. */
export async function* inPages<Page>(
  keys: readonly string[],
  read: (page: readonly string[]) => Promise<Page>,
): AsyncGenerator<Page> {
  let next: Promise<Page> | null = null
  for (const page of inBatches(keys, keysPerPage)) {
    const found = next
    next = read(page)
    next.catch(() => undefined) // it is thrown where the page is awaited, unless nobody comes so far
    if (found) yield await found
  }
  if (next) yield await next
}
