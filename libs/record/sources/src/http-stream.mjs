import { SourceForbidden, SourceNotFound } from './download-errors.mjs'

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
  const { address, authorization } = withoutCredentials(url)
  const sent = { 'accept-encoding': 'identity', 'user-agent': 'gauntlet', ...authorization, ...headers }
  try {
    const response = await fetch(address, { headers: sent, signal: watch.signal })
    refuseStatus(response, printableAddress(address))
    return {
      status: response.status,
      headers: response.headers,
      url: response.url,
      body: pieces(response, watch, signal),
    }
  } catch (error) {
    watch.stop()
    throw interruption(error, printableAddress(address), signal)
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
  const { address, authorization } = withoutCredentials(url)
  const sent = { 'accept-encoding': 'identity', 'user-agent': 'gauntlet', ...authorization, ...headers }
  try {
    const response = await fetch(address, { method: 'HEAD', redirect: 'manual', headers: sent, signal: watch.signal })
    if (response.status < 300 || response.status >= 400) refuseStatus(response, printableAddress(address))
    return { status: response.status, headers: response.headers }
  } catch (error) {
    throw interruption(error, printableAddress(address), signal)
  } finally {
    watch.stop()
  }
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
 * @param {Response} response
 * @param {ReturnType<typeof watchStall>} watch
 * @param {AbortSignal | undefined} signal
 */
async function* pieces(response, watch, signal) {
  try {
    for await (const chunk of /** @type {AsyncIterable<Uint8Array>} */ (response.body ?? [])) {
      watch.alive()
      yield chunk
    }
  } catch (error) {
    throw interruption(error, printableAddress(response.url), signal)
  } finally {
    watch.stop()
  }
}

/**
 * @param {Response} response
 * @param {string} where
 */
function refuseStatus({ status, headers }, where) {
  if (status === 401 || status === 403) {
    throw new SourceForbidden(
      `${where} refuses access (${status}); set the credentials it wants (HF_TOKEN for the hub), accept its terms there, or correct its name.`,
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
 * @param {AbortSignal | undefined} signal
 */
function interruption(error, where, signal) {
  if (signal?.aborted) return signal.reason
  const { name, cause } = /** @type {Error & { cause?: { code?: string } }} */ (error)
  if (name === 'TimeoutError') return new Interrupted(`${where} sends nothing any more`)
  if (name !== 'TypeError') return error
  return new Interrupted(`${where} cannot be reached${cause?.code ? ` (${cause.code})` : ''}`)
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
 * Takes the credentials out of an address, as a header. Mirrors of registries have them in the address, where `fetch`
 * refuses them.
 * @param {string} url
 */
function withoutCredentials(url) {
  const address = new URL(url)
  const { username, password } = address
  if (!username) return { address: address.href, authorization: {} }
  Object.assign(address, { username: '', password: '' })
  const token = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  return { address: address.href, authorization: { authorization: `Basic ${token}` } }
}

/**
 * An address as it may be printed: without credentials and signed queries.
 * @param {string} url
 */
export function printableAddress(url) {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}
