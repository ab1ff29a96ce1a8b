import { tally } from '@gauntlet/evaluation/outcomes'
import { traceMeasurement, type MeasurementTrace } from '@gauntlet/ledger'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { ApiError } from '../api-error.ts'
import type { ApiDependencies } from '../dependencies.ts'
import type { EvaluationFiles } from '../evaluation-files.ts'
import type { CachedTable } from '../tables/cached-table.ts'
import type { StudyTables } from '../tables/study-tables.ts'
import { check, trace, type Check, type Trace } from '../wire/one-number.ts'
import { bytesRoute, ofMeasurement, readRoute } from './route-parts.ts'

const traced = readRoute({
  path: '/api/studies/{study}/measurements/{measurement}/trace',
  summary: 'Everything that a number came from',
  request: { params: ofMeasurement },
  answer: trace,
})

const checked = readRoute({
  path: '/api/studies/{study}/measurements/{measurement}/check',
  summary: 'Reads the stored bytes behind a number, compares their digests, and counts the number again',
  request: { params: ofMeasurement },
  answer: check,
})

const outcomes = bytesRoute(
  '/api/studies/{study}/measurements/{measurement}/outcomes',
  'The outcome of each image, as an Arrow file',
  'application/vnd.apache.arrow.file',
  { params: ofMeasurement },
)

/** The number with this id, which must be one of the table. */
export function measuredIn({ cells, grid }: CachedTable, measurement: string) {
  const found = cells.find(({ measured }) => measured?.measurementId === measurement)?.measured
  if (!found) throw new ApiError(404, `${grid.study.name} has no number ${measurement.slice(0, 12)} in its table.`)
  return found
}

/** One number: its lineage, its outcomes, and whether its bytes are intact. */
export function addMeasurementRoutes(
  app: OpenAPIHono,
  { db, store }: ApiDependencies,
  tables: StudyTables,
  files: EvaluationFiles,
): void {
  app.openapi(traced, async (context) => {
    const { study, measurement } = context.req.valid('param')
    const { measurementId } = measuredIn(await tables.read(study), measurement)
    return context.json((await traceMeasurement(db, measurementId)) as unknown as Trace, 200)
  })
  app.openapi(outcomes, async (context) => {
    const { study, measurement } = context.req.valid('param')
    const { outcomesDigest } = measuredIn(await tables.read(study), measurement)
    const bytes = await store.read(outcomesDigest)
    context.header('content-disposition', `attachment; filename="outcomes-${measurement.slice(0, 12)}.arrow"`)
    return context.body(Buffer.from(bytes), 200, { 'content-type': 'application/vnd.apache.arrow.file' })
  })
  app.openapi(checked, async (context) => {
    const { study, measurement } = context.req.valid('param')
    const { measurementId } = measuredIn(await tables.read(study), measurement)
    return context.json(await checkNumber(await traceMeasurement(db, measurementId), store, files), 200)
  })
}

async function checkNumber(
  { measurement, executions }: MeasurementTrace,
  store: ApiDependencies['store'],
  files: EvaluationFiles,
): Promise<Check> {
  const generated = executions.flatMap(({ stage, generated: made }) =>
    Object.entries(made).map(([role, { digest }]) => ({ role: `${role} of ${stage}`, digest })),
  )
  const artifacts: Check['artifacts'] = []
  for (const { role, digest } of generated)
    artifacts.push({ role, digest: digest as string, state: await store.verify(digest) })
  const broken = artifacts.filter(({ state }) => state !== 'intact')
  const all = await files.outcomes(measurement.outcomesDigest).catch(() => null)
  const recounted =
    all &&
    tally(
      all,
      [...all].sort((a, b) => a.index - b.index).map(({ image }) => image),
    )
  const isSame = recounted?.correct === measurement.correct && recounted?.total === measurement.total
  const holds = broken.length === 0 && isSame
  const [first] = broken
  const verdict = first
    ? `The bytes of ${first.role} are ${first.state}; npx gauntlet run makes them again.`
    : isSame
      ? `All ${artifacts.length} artifacts have the digests they are named by, and the outcomes count ${measurement.correct} of ${measurement.total} again.`
      : `The outcomes do not count ${measurement.correct} of ${measurement.total}; do not use this number.`
  return { artifacts, recounted, holds, verdict }
}
