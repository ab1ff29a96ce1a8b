import { resultRow } from '@gauntlet/client'
import {
  changesSince,
  listStudies,
  searchLedger,
  usualListLength,
  type ListedStudy as RecordedListing,
} from '@gauntlet/ledger'
import { z, type OpenAPIHono } from '@hono/zod-openapi'
import type { ApiDependencies } from '../dependencies.ts'
import { lackingPlaces, parseVersion, wireTable } from '../tables/wire-table.ts'
import type { StudyTables } from '../tables/study-tables.ts'
import { searchHit, serverFacts } from '../wire/study-now.ts'
import { measurementRow, studyList, studyTable, type ListedStudy } from '../wire/study-table.ts'
import { askedText } from '../wire/parts.ts'
import { ofStudy, readRoute, wholeNumber } from './route-parts.ts'

const facts = readRoute({ path: '/api/server', summary: 'What this server can do', answer: serverFacts })

const list = readRoute({
  path: '/api/studies',
  summary: 'The latest studies of the ledger, or of a name, the latest first, and how many there are in all',
  request: { query: z.object({ name: askedText(200).optional(), limit: wholeNumber(1, usualListLength).optional() }) },
  answer: studyList,
})

const search = readRoute({
  path: '/api/search',
  summary: 'What has this text in its name, owner, labels or notes, or a digest that begins with it',
  request: { query: z.object({ q: askedText(100) }) },
  answer: z.array(searchHit),
})

const table = readRoute({
  path: '/api/studies/{study}/table',
  summary: 'The table of a study by the present code and environment, or what changed of it since a version',
  request: {
    params: ofStudy,
    query: z.object({
      after: z.string().max(100).optional(),
      partial: z.enum(['true', 'false']).optional().openapi({ description: 'Answers with what is read so far' }),
    }),
  },
  answer: studyTable,
})

/** The most numbers in one answer. */
const mostMeasurements = 10_000

const measurements = readRoute({
  path: '/api/studies/{study}/measurements',
  summary: 'The numbers of a study by the present code and environment, in the order of its table',
  request: {
    params: ofStudy,
    query: z.object({
      offset: wholeNumber(0, 10_000_000).optional(),
      limit: wholeNumber(1, mostMeasurements).optional(),
    }),
  },
  answer: z.array(measurementRow),
})

/** Studies and their tables. */
export function addStudyRoutes(app: OpenAPIHono, { db, readOnly, ledgerName }: ApiDependencies, tables: StudyTables) {
  app.openapi(facts, (context) => context.json({ readOnly, ledger: ledgerName }, 200))
  app.openapi(list, async (context) => {
    const { total, studies } = await listStudies(db, context.req.valid('query'))
    return context.json({ total, studies: studies.map(listed) }, 200)
  })
  app.openapi(search, async (context) => context.json(await searchLedger(db, context.req.valid('query').q), 200))
  app.openapi(table, async (context) => {
    const { study } = context.req.valid('param')
    const { after, partial } = context.req.valid('query')
    const shown = await (partial === 'true' ? tables.readSoFar(study) : tables.read(study))
    const known = parseVersion(after, shown)
    if (known === null) return context.json(wireTable(shown, null), 200)
    const { configurations, hasWithdrawnShared, isOther } = await changesSince(db, known.position)
    if (isOther || hasWithdrawnShared) return context.json(wireTable(shown, null), 200)
    const changed = configurations.flatMap((id) => shown.positions.get(id) ?? [])
    return context.json(wireTable(shown, lackingPlaces(shown, known, changed)), 200)
  })
  app.openapi(measurements, async (context) => {
    const { offset = 0, limit = mostMeasurements } = context.req.valid('query')
    const { cells } = await tables.read(context.req.valid('param').study)
    const measured = cells.flatMap((cell) => (cell.measured ? [cell.measured] : []))
    const rows = measured.slice(offset, offset + limit).map((cell) => resultRow(cell))
    return context.json(
      rows.map((row) => ({ ...row, flags: [...row.flags], interval: [...row.interval] })),
      200,
    )
  })
}

function listed({ createdAt, lastNumberAt, labels, ...study }: RecordedListing): ListedStudy {
  return {
    ...study,
    id: study.id as string,
    labels: [...labels],
    createdAt: createdAt.toISOString(),
    lastNumberAt: lastNumberAt?.toISOString() ?? null,
  }
}
