import { ArtifactCorrupt, ArtifactMissing, ArtifactStoreUnavailable } from '@gauntlet/artifacts'
import { StudyNotRunning, TemporalUnreachable } from '@gauntlet/client'
import { LedgerUnreachable, MeasurementUnknown, StudyUnknown } from '@gauntlet/ledger'
import { OpenAPIHono, type z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { compress } from 'hono/compress'
import { etag } from 'hono/etag'
import { html } from 'hono/html'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { ApiError } from './api-error.ts'
import { PoolUnknown, type ApiDependencies } from './dependencies.ts'
import { EvaluationFiles } from './evaluation-files.ts'
import { addCellRoutes } from './routes/cells.ts'
import { addCurveRoutes } from './routes/curves.ts'
import { addEventRoutes } from './routes/events.ts'
import { addMeasurementRoutes } from './routes/measurements.ts'
import { addNowRoutes } from './routes/now.ts'
import { addPictureRoutes } from './routes/pictures.ts'
import { addStudyRoutes } from './routes/studies.ts'
import { requireAccess, requireToken, type Access } from './safety/access.ts'
import { ownPageOnly, withinLimits, withinRate, withSafetyHeaders } from './safety/protections.ts'
import { StudyTables } from './tables/study-tables.ts'

/** A file of the page, as it is served. */
export interface PageFile {
  readonly body: Uint8Array
  readonly mediaType: string
}

export interface ApiOptions {
  readonly access: Access
  /** By path: `/app.js`. The file at `/` answers every path that is neither another file's nor the API's. */
  readonly page?: ReadonlyMap<string, PageFile>
  /** Whose requests are counted together. */
  readonly addressOf?: (context: Context) => string
  /** Told of errors that no answer explains. */
  readonly onBug?: (error: unknown) => void
}

/** The API of a ledger, with the page over it. Throws `TokenNeeded` where its address needs a token. */
export function createApi(dependencies: ApiDependencies, options: ApiOptions): OpenAPIHono {
  const { access, page = new Map<string, PageFile>(), addressOf = () => 'anybody', onBug = () => undefined } = options
  requireToken(access)
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (!result.success) throw new ApiError(400, problemSentence(result.error as z.ZodError, result.target))
    },
  })
  app.onError((error, context) => answerError(error, context, onBug))
  app.notFound((context) => {
    throw new ApiError(404, `There is nothing at ${context.req.path.slice(0, 100)}; see /api/openapi.json.`)
  })
  app.use(withSafetyHeaders, withinLimits, withinRate(addressOf), requireAccess(access), ownPageOnly)
  app.use('/api/studies/*', compress(), etag())
  app.use('/api/studies', etag())
  const tables = new StudyTables(dependencies)
  const files = new EvaluationFiles(dependencies.store)
  addStudyRoutes(app, dependencies, tables)
  addCellRoutes(app, dependencies, tables)
  addMeasurementRoutes(app, dependencies, tables, files)
  addPictureRoutes(app, dependencies, tables, files)
  addNowRoutes(app, dependencies, tables)
  addCurveRoutes(app, dependencies, tables)
  addEventRoutes(app, dependencies)
  app.doc31('/api/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'Gauntlet', version: '1', description: 'Robustness studies: their tables, lineage and pictures.' },
  })
  addPage(app, page)
  return app
}

function addPage(app: OpenAPIHono, page: NonNullable<ApiOptions['page']>): void {
  app.use('/*', compress())
  app.get('/*', etag(), (context) => {
    const isApi = context.req.path.startsWith('/api')
    const file = page.get(context.req.path) ?? (isApi ? undefined : page.get('/'))
    if (!file) throw new ApiError(404, `There is nothing at ${context.req.path.slice(0, 100)}; see /api/openapi.json.`)
    return context.body(Buffer.from(file.body), 200, { 'content-type': file.mediaType })
  })
}

/** What is wrong with a request, in one sentence. */
function problemSentence(error: z.ZodError, target: string): string {
  const [issue] = error.issues
  const place = issue?.path.join('.') ?? ''
  return `${place === '' ? `The ${target}` : `"${place}"`} is not well formed: ${issue?.message ?? 'unknown'}.`
}

const statuses: readonly (readonly [abstract: new (...args: never[]) => Error, status: ContentfulStatusCode])[] = [
  [StudyUnknown, 404],
  [MeasurementUnknown, 404],
  [ArtifactMissing, 404],
  [ArtifactCorrupt, 404],
  [ArtifactStoreUnavailable, 503],
  [StudyNotRunning, 409],
  [LedgerUnreachable, 503],
  [TemporalUnreachable, 503],
  [PoolUnknown, 503],
]

function answerError(error: Error, context: Context, onBug: (error: unknown) => void): Response | Promise<Response> {
  if (error instanceof ApiError) {
    const isPage = !context.req.path.startsWith('/api/') && context.req.header('accept')?.includes('text/html')
    return isPage
      ? context.html(refusalPage(error.message), error.status)
      : context.json({ error: error.message }, error.status)
  }
  for (const [type, status] of statuses)
    if (error instanceof type) return context.json({ error: error.message }, status)
  if (isWithoutLedger(error))
    return context.json({ error: 'The ledger does not answer; it is asked again with the next request.' }, 503)
  onBug(error)
  return context.json({ error: 'The server failed on this request; its own output says how.' }, 500)
}

/** What a person sees whose browser may not have the page: the sentence that programs get as JSON. */
function refusalPage(sentence: string) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="color-scheme" content="light dark" />
        <title>Gauntlet</title>
      </head>
      <body>
        <main>
          <h1>Gauntlet</h1>
          <p>${sentence}</p>
        </main>
      </body>
    </html>`
}

/**
 * Whether a query failed because the server of the ledger is away: the connection was refused or cut, or the server
 * shuts down.
 */
function isWithoutLedger(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as { code?: string }
  const isAway = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P01', '57P02', '57P03'].includes(code ?? '')
  return isAway || /Connection terminated/.test(error.message) || isWithoutLedger(error.cause)
}
