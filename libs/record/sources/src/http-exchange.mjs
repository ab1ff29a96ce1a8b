import http from 'node:http'
import https from 'node:https'
import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { proxyFor } from './proxy.mjs'

/**
 * One request and its answer, with no redirect followed. `fetch` is not used because it knows no proxy on the older of
 * our versions of Node.js, and set-up has no package yet that would teach it.
 * @typedef {object} Exchange
 * @property {'GET' | 'HEAD'} method
 * @property {URL} address without credentials
 * @property {Record<string, string>} headers
 * @property {AbortSignal} signal
 */

/**
 * @param {Exchange} exchange
 * @returns {Promise<{ status: number, headers: Headers, body: AsyncIterable<Uint8Array>, discard: () => void }>}
 */
export async function exchange({ method, address, headers, signal }) {
  const answer = await answerTo(await openRequest(address, { method, headers, signal }))
  return {
    status: answer.statusCode ?? 0,
    headers: headersOf(answer),
    body: decoded(answer),
    discard: () => void answer.destroy(),
  }
}

/**
 * @param {URL} address
 * @param {http.RequestOptions} options
 * @returns {Promise<http.ClientRequest>}
 */
async function openRequest(address, options) {
  const proxy = proxyFor(address)
  const { request } = address.protocol === 'https:' ? https : http
  // An agent of its own for each request: the common ones may have been told by NODE_USE_ENV_PROXY to use a proxy too.
  if (!proxy) return request(address, { ...options, agent: false })
  if (address.protocol === 'http:') {
    const headers = { ...options.headers, host: address.host, ...proxyAuthorization(proxy) }
    return requestOf(proxy)(withoutCredentials(proxy), { ...options, agent: false, headers, path: address.href })
  }
  const host = address.hostname.replace(/^\[|\]$/g, '')
  const socket = await tunnel(proxy, address, options.signal)
  const agent = new https.Agent()
  agent.createConnection = () => connect({ socket, host, ...(isIP(host) ? {} : { servername: host }) })
  return request(address, { ...options, agent })
}

/**
 * A connection to the host of an `https:` address through its proxy (RFC 9110 §9.3.6).
 * @param {URL} proxy
 * @param {URL} address
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<import('node:net').Socket>}
 */
function tunnel(proxy, address, signal) {
  const path = `${address.hostname}:${address.port || 443}`
  const headers = { host: path, ...proxyAuthorization(proxy) }
  const asked = requestOf(proxy)(withoutCredentials(proxy), {
    method: 'CONNECT',
    path,
    headers,
    agent: false,
    ...(signal ? { signal } : {}),
  })
  return new Promise((resolve, reject) => {
    asked.once('connect', ({ statusCode }, socket) => {
      if (statusCode === 200) return resolve(socket)
      socket.destroy()
      reject(Object.assign(new Error('The proxy refuses'), { code: `the proxy answers ${statusCode}` }))
    })
    asked.once('error', reject)
    asked.end()
  })
}

/** @param {URL} proxy */
function requestOf(proxy) {
  return proxy.protocol === 'https:' ? https.request : http.request
}

/** @param {URL} proxy */
function withoutCredentials(proxy) {
  return Object.assign(new URL(proxy), { username: '', password: '' })
}

/**
 * @param {URL} proxy
 * @returns {Record<string, string>}
 */
function proxyAuthorization(proxy) {
  return proxy.username ? { 'proxy-authorization': basicAuthorization(proxy) } : {}
}

/**
 * The value of the header for the credentials in an address.
 * @param {{ username: string, password: string }} address as `URL` has them, percent-encoded
 */
export function basicAuthorization({ username, password }) {
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

/**
 * @param {http.ClientRequest} request
 * @returns {Promise<http.IncomingMessage>}
 */
function answerTo(request) {
  return new Promise((resolve, reject) => {
    request.once('response', resolve)
    request.on('error', reject) // also after the answer has begun, when its reader gets the error too
    request.end()
  })
}

/** @param {http.IncomingMessage} answer */
function headersOf(answer) {
  const headers = new Headers()
  for (const [name, value] of Object.entries(answer.headers)) headers.set(name, [value].flat().join(', '))
  return headers
}

/** Servers are asked not to compress, and some do all the same. @param {http.IncomingMessage} answer */
function decoded(answer) {
  const encoding = answer.headers['content-encoding']?.toLowerCase() ?? 'identity'
  const decoders = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress }
  const decoder = Object.entries(decoders).find(([name]) => name === encoding)?.[1]()
  if (!decoder) return answer
  answer.once('error', (error) => decoder.destroy(error))
  return answer.pipe(decoder)
}
