import type { Context, MiddlewareHandler } from 'hono'
import { ApiError } from '../api-error.ts'

/** What every answer carries: nothing from elsewhere is loaded, and no other page may frame or read this one. */
const headers = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

/** Adds the headers of safety, and keeps answers out of shared caches. */
export const withSafetyHeaders: MiddlewareHandler = async (context, next) => {
  await next()
  for (const [name, value] of Object.entries(headers)) context.header(name, value)
  // Browsers heed it, and send Fetch Metadata, only where they trust the address: over TLS or on loopback.
  if (context.req.header('sec-fetch-site') !== undefined) context.header('cross-origin-opener-policy', 'same-origin')
  if (!context.res.headers.has('cache-control')) context.header('cache-control', 'private, no-cache')
}

/** Characters of a URL, and bytes of a body. */
const [longestUrl, largestBody] = [4_000, 10_000]

/** Refuses requests that are larger than any that this API knows. */
export const withinLimits: MiddlewareHandler = async (context, next) => {
  if (context.req.url.length > longestUrl)
    throw new ApiError(414, `The address is longer than ${longestUrl} characters.`)
  const length = Number(context.req.header('content-length') ?? 0)
  if (length > largestBody || context.req.header('transfer-encoding') !== undefined)
    throw new ApiError(413, `The body is larger than ${largestBody} bytes; no request needs one.`)
  await next()
}

/**
 * Lets only this server's own page, and programs that are no browsers, do anything. Browsers tell where a request comes
 * from (Fetch Metadata, and `Origin`), and send JSON to other servers only after asking, which this one never grants.
 */
export const ownPageOnly: MiddlewareHandler = async (context, next) => {
  if (context.req.method === 'GET' || context.req.method === 'HEAD') return next()
  const site = context.req.header('sec-fetch-site')
  const origin = context.req.header('origin')
  const isForeign = (site !== undefined && site !== 'same-origin') || (origin !== undefined && !isOwn(origin, context))
  if (isForeign) throw new ApiError(403, "Actions are taken from this server's own page only.")
  if (context.req.header('content-type')?.split(';')[0] !== 'application/json')
    throw new ApiError(415, 'Send actions with content-type: application/json.')
  return next()
}

function isOwn(origin: string, context: Context): boolean {
  return URL.canParse(origin) && new URL(origin).host === context.req.header('host')
}

/** Requests that may come at once, and how many more each second. A page that opens asks for some dozens. */
const [burst, perSecond] = [400, 80]

/** Refuses requests of whoever sends more than the limit. */
export function withinRate(addressOf: (context: Context) => string, now = () => performance.now()): MiddlewareHandler {
  const buckets = new Map<string, { left: number; at: number }>()
  return async (context, next) => {
    const address = addressOf(context)
    const bucket = buckets.get(address) ?? { left: burst, at: now() }
    bucket.left = Math.min(burst, bucket.left + ((now() - bucket.at) / 1_000) * perSecond)
    bucket.at = now()
    buckets.delete(address)
    buckets.set(address, bucket)
    if (buckets.size > 1_000) buckets.delete(buckets.keys().next().value!)
    if (bucket.left < 1) {
      context.header('retry-after', '1')
      throw new ApiError(429, `More than ${perSecond} requests a second; wait a second.`)
    }
    bucket.left -= 1
    return next()
  }
}
