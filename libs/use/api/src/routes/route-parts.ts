import { createRoute, z, type RouteConfig } from '@hono/zod-openapi'
import { apiError, digest, studyName } from '../wire/parts.ts'

/** The answers that any route may give instead of its own. */
const failures = {
  400: { description: 'The request is not well formed', content: { 'application/json': { schema: apiError } } },
  404: { description: 'There is nothing of that name', content: { 'application/json': { schema: apiError } } },
  429: { description: 'Too many requests', content: { 'application/json': { schema: apiError } } },
  503: { description: 'The ledger or the pool does not answer', content: { 'application/json': { schema: apiError } } },
} as const

interface ReadRoute<Path extends string, Request, Schema extends z.ZodType> {
  readonly path: Path
  readonly summary: string
  readonly request?: Request
  readonly answer: Schema
}

/** A route that reads and answers with JSON. */
export function readRoute<
  const Path extends string,
  const Request extends NonNullable<RouteConfig['request']>,
  Schema extends z.ZodType,
>({ path, summary, request, answer }: ReadRoute<Path, Request, Schema>) {
  return createRoute({
    method: 'get',
    path,
    summary,
    request: (request ?? {}) as Request,
    responses: { 200: { description: summary, content: { 'application/json': { schema: answer } } }, ...failures },
  })
}

/** A route that reads and answers with bytes. */
export function bytesRoute<const Path extends string, const Request extends NonNullable<RouteConfig['request']>>(
  path: Path,
  summary: string,
  mediaType: string,
  request: Request,
) {
  const schema = z.string().openapi({ format: 'binary' })
  return createRoute({
    method: 'get',
    path,
    summary,
    request,
    responses: { 200: { description: summary, content: { [mediaType]: { schema } } }, ...failures },
  })
}

/** A route that does something. */
export function actionRoute<
  const Path extends string,
  const Request extends NonNullable<RouteConfig['request']>,
  Schema extends z.ZodType,
>({ path, summary, request, answer }: Required<ReadRoute<Path, Request, Schema>>) {
  const forbidden = {
    description: 'The server is read-only, or the request comes from another page',
    content: { 'application/json': { schema: apiError } },
  }
  return createRoute({
    method: 'post',
    path,
    summary,
    request,
    responses: {
      200: { description: summary, content: { 'application/json': { schema: answer } } },
      403: forbidden,
      ...failures,
    },
  })
}

export const ofStudy = z.object({ study: studyName })
export const ofMeasurement = z.object({ study: studyName, measurement: digest })

/** A whole number in a path or a query. */
export function wholeNumber(least: number, most: number) {
  return z
    .string()
    .regex(/^\d{1,9}$/, `a whole number from ${least} to ${most}`)
    .transform(Number)
    .pipe(z.number().int().min(least).max(most))
    .openapi({ type: 'integer', minimum: least, maximum: most })
}
