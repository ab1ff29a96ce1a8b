import { SourceForbidden, SourceNotFound } from './download-errors.mjs'
import { basicAuthorization, exchange } from './http-exchange.mjs'
import { netrcEntry } from './netrc.mjs'

/**
 * The transfer broke off, and another try may succeed. `retrying` turns it into `SourceUnreachable` when the tries are
 * used up, so callers of this room never see it.
 */
export class Interrupted extends Error {
  /** @override */ name = 'Interrupted'

  /**
   * @param {string} message
   * @param {number} [retryAfterMilliseconds] the pause that the server asked for
   */
  constructor(message, retryAfterMilliseconds) {
    super(message)
    this.retryAfterMilliseconds = retryAfterMilliseconds
  }
}

/** Milliseconds without a byte after which a connection counts as dead. */
const stallMilliseconds = 60_000

/**
 * @typedef {object} Request
 * @property {string} url
 * @property {Record<string, string> | undefined} [headers]
 * @property {AbortSignal | undefined} [signal]
 * @property {number | undefined} [stall] milliseconds without a byte after which the connection counts as dead
 */

/**
 * A GET whose body is read piece by piece. Redirects are followed; credentials are not sent on to another host.
 * @param {Request} request
 * @returns {Promise<{ status: number, headers: Headers, url: string, body: AsyncIterable<Uint8Array> }>}
 */
export async function openStream({ url, headers = {}, signal, stall = stallMilliseconds }) {
  const watch = watchStall(signal, stall)
  try {
    const answer = await followRedirects(url, headers, watch.signal)
    refuseStatus(answer, printableAddress(answer.url))
    return { ...answer, body: pieces(answer, watch, signal) }
  } catch (error) {
    watch.stop()
    throw interruption(error, printableAddress(url), watch.signal, signal)
  }
}

/**
 * What a server says about an address without sending its content. A redirect is an answer too; the caller decides
 * whether to follow it.
 * @param {Request} request
 * @returns {Promise<{ status: number, headers: Headers }>}
 */
export async function readHeaders({ url, headers = {}, signal, stall = stallMilliseconds }) {
  const watch = watchStall(signal, stall)
  try {
    const answer = await exchange({ method: 'HEAD', ...addressed(url, headers), signal: watch.signal })
    answer.discard()
    if (!isRedirect(answer)) refuseStatus(answer, printableAddress(url))
    return { status: answer.status, headers: answer.headers }
  } catch (error) {
    throw interruption(error, printableAddress(url), watch.signal, signal)
  } finally {
    watch.stop()
  }
}

const mostRedirects = 20

/**
 * @param {string} url
 * @param {Record<string, string>} headers
 * @param {AbortSignal} signal
 */
async function followRedirects(url, headers, signal) {
  for (let [at, sent, redirects] = [url, headers, 0]; ; redirects++) {
    const answer = await exchange({ method: 'GET', ...addressed(at, sent), signal })
    const location = isRedirect(answer) ? answer.headers.get('location') : null
    if (location === null) return { ...answer, url: at }
    answer.discard()
    const next = URL.canParse(location, at) ? new URL(location, at) : undefined
    if (!next || !/^https?:$/.test(next.protocol) || redirects === mostRedirects)
      throw new SourceNotFound(`${printableAddress(url)} leads to nowhere; correct the source.`)
    if (next.origin !== new URL(at).origin) sent = without('authorization', sent)
    at = next.href
  }
}

/** @param {{ status: number }} answer */
function isRedirect({ status }) {
  return status >= 300 && status < 400 && status !== 304
}

/**
 * The parts of a request. Credentials become a header: those of the caller, else those in the address, as mirrors of
 * registries have them, else those of ~/.netrc.
 * @param {string} url
 * @param {Record<string, string>} headers
 */
function addressed(url, headers) {
  const { username, password } = new URL(url)
  const address = Object.assign(new URL(url), { username: '', password: '', hash: '' })
  const entry = username ? undefined : netrcEntry(address.hostname)
  const known = entry && {
    username: encodeURIComponent(entry.login),
    password: encodeURIComponent(entry.password),
  }
  const credentials = username ? { username, password } : known
  const authorization = credentials ? { authorization: basicAuthorization(credentials) } : {}
  return { address, headers: { 'accept-encoding': 'identity', 'user-agent': 'gauntlet', ...authorization, ...headers } }
}

/**
 * @param {string} header
 * @param {Record<string, string>} headers
 */
function without(header, headers) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== header))
}

/**
 * The whole body as text, such as a page of a package index.
 * @param {Request} request
 * @param {number} [limit] bytes of the largest body that is accepted
 */
export async function readText(request, limit = 64 * 2 ** 20) {
  const response = await openStream(request)
  const chunks = []
  let size = 0
  for await (const chunk of response.body) {
    size += chunk.length
    if (size > limit)
      throw new SourceNotFound(
        `${printableAddress(request.url)} answers with more than ${limit} bytes, which no index does; check its address.`,
      )
    chunks.push(chunk)
  }
  return { text: Buffer.concat(chunks).toString('utf8'), headers: response.headers, url: response.url }
}

/**
 * @param {{ url: string, body: AsyncIterable<Uint8Array> }} answer
 * @param {ReturnType<typeof watchStall>} watch
 * @param {AbortSignal | undefined} signal
 */
async function* pieces({ url, body }, watch, signal) {
  try {
    for await (const chunk of body) {
      watch.alive()
      yield chunk
    }
  } catch (error) {
    throw interruption(error, printableAddress(url), watch.signal, signal)
  } finally {
    watch.stop()
  }
}

/**
 * @param {{ status: number, headers: Headers }} answer
 * @param {string} where
 */
function refuseStatus({ status, headers }, where) {
  if (status === 401 || status === 403) {
    throw new SourceForbidden(
      `${where} refuses access (${status}); set the credentials it wants (HF_TOKEN for the hub, ~/.netrc for others), accept its terms there, or correct its name.`,
    )
  }
  if (status === 404 || status === 410)
    throw new SourceNotFound(`${where} does not exist (${status}); correct the source or its version.`)
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    throw new Interrupted(`${where} answers ${status}`, retryAfter(headers.get('retry-after')))
  }
  if (status !== 200 && status !== 206 && status !== 416) {
    throw new SourceNotFound(`${where} answers ${status} instead of a file; correct the source.`)
  }
}

/**
 * Milliseconds until the time that a `retry-after` header names, as seconds or as a date (RFC 9110 §10.2.3).
 * @param {string | null} value
 */
function retryAfter(value) {
  if (value === null) return undefined
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : undefined
}

/**
 * An error of the network as `Interrupted`; the reason of the caller, if the caller aborted; any other error as it is.
 * @param {unknown} error
 * @param {string} where
 * @param {AbortSignal} watched
 * @param {AbortSignal | undefined} signal of the caller
 */
function interruption(error, where, watched, signal) {
  if (signal?.aborted) return signal.reason
  if (watched.aborted) return new Interrupted(`${where} sends nothing any more`)
  const { code } = /** @type {Error & { code?: string }} */ (error)
  return code === undefined ? error : new Interrupted(`${where} cannot be reached (${code})`)
}

/**
 * A signal that aborts when `signal` does, or when `alive` has not been called for `stall` milliseconds.
 * @param {AbortSignal | undefined} signal
 * @param {number} stall
 */
function watchStall(signal, stall) {
  const controller = new AbortController()
  const expire = () => controller.abort(new DOMException('no data', 'TimeoutError'))
  let timer = setTimeout(expire, stall)
  return {
    signal: signal ? AbortSignal.any([signal, controller.signal]) : controller.signal,
    alive() {
      clearTimeout(timer)
      timer = setTimeout(expire, stall)
    },
    stop: () => clearTimeout(timer),
  }
}

/**
 * An address as it may be printed: without credentials and signed queries.
 * @param {string} url
 */
export function printableAddress(url) {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}
