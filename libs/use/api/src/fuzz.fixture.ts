import type { OpenAPIHono } from '@hono/zod-openapi'
import fc from 'fast-check'
import { ask } from './api.fixture.ts'

/** A parameter as the API's own description has it. */
interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header' | 'cookie'
  readonly required?: boolean
}

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly parameters?: readonly Parameter[] }>>>>
}

/** One call of the API, and what came of it. */
export interface FuzzedCall {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly answer: unknown
}

/** Values that have broken servers: wrong types, huge numbers, other ids, traversal, script, and odd characters. */
function hostileValue(known: readonly string[]): fc.Arbitrary<string> {
  const hostile = [
    ['', '0', '-1', '1e9', '99999999999999999999', 'NaN', 'null', 'true', '[]', '{}', '%00', '\u0000', ' '],
    ['../../../etc/passwd', '..%2f..%2fetc%2fpasswd', '/etc/passwd', 'file:///etc/passwd', '.', '..', '__proto__'],
    ["' or 1=1 --", '"; drop table study; --', '<script>alert(1)</script>', '${7*7}', '\ud800', '💥', '%', '%zz'],
    ['constructor', 'a'.repeat(300), 'f'.repeat(64), 'F'.repeat(64), `${'0'.repeat(63)}g`, '1,2,3', '1,,2', 'clean'],
  ].flat()
  return fc.oneof(
    fc.constantFrom(...known),
    fc.constantFrom(...hostile),
    fc.string({ maxLength: 80 }),
    fc.nat().map(String),
  )
}

/**
 * Calls every route of the API's own description with hostile values in every parameter, `cases` calls in all, and
 * gives what came of each. `known` are values that exist, so that calls get past the first check.
 */
export async function fuzzApi(
  app: OpenAPIHono,
  { cases, known, seed = 1 }: { readonly cases: number; readonly known: readonly string[]; readonly seed?: number },
): Promise<FuzzedCall[]> {
  const { paths } = (await ask<Described>(app, '/api/openapi.json')).answer
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [] }]) => ({ method, path, parameters })),
  )
  // Events never end, so they are tested where they are read (`events.test.ts`).
  const callable = routes.filter(({ path }) => path !== '/api/events')
  const call = fc
    .constantFrom(...callable)
    .chain(({ method, path, parameters }) =>
      fc
        .tuple(...parameters.map((parameter) => valueOf(parameter, known)))
        .map((values) => ({ method: method.toUpperCase(), path: pathWith(path, parameters, values) })),
    )
  const calls: FuzzedCall[] = []
  for (const { method, path } of fc.sample(call, { numRuns: cases, seed })) {
    const init = method === 'GET' ? {} : { body: '{}', headers: { 'content-type': 'application/json' } }
    const { status, answer } = await ask<unknown>(app, path, { method, ...init })
    calls.push({ method, path, status, answer })
  }
  return calls
}

function valueOf({ required, in: place }: Parameter, known: readonly string[]): fc.Arbitrary<string | null> {
  const value = hostileValue(known)
  return required || place === 'path' ? value : fc.option(value)
}

function pathWith(path: string, parameters: readonly Parameter[], values: readonly (string | null)[]): string {
  const query = new URLSearchParams()
  let filled = path
  parameters.forEach(({ name, in: place }, i) => {
    const value = values[i]
    if (value === null || value === undefined) return
    if (place === 'path') filled = filled.replace(`{${name}}`, () => encodeURIComponent(wellFormed(value)))
    else query.append(name, value)
  })
  return query.size > 0 ? `${filled}?${query.toString()}` : filled
}

/** The text without halves of characters, which no address can have. */
function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8')
}
