import { readFileSync } from 'node:fs'
import { parsePublishedTable, type PublishedRow } from '../published/published-table.ts'
import { publishedMapping } from '../published/table-mapping.ts'

const file = new URL('../../../../vocabulary/study/studies/published/measurements.csv', import.meta.url)

/** The paper's database as it was published. */
export const publishedRows: readonly PublishedRow[] = parsePublishedTable(readFileSync(file, 'utf8'), publishedMapping)
