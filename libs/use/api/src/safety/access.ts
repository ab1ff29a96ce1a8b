import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { ApiError } from '../api-error.ts'

/** Who may speak with the server. */
export interface Access {
  /** The address that it is bound to. */
  readonly hostname: string
  /** The secret that every request must know; none is needed on loopback. */
  readonly token: string | undefined
}

/** The server would be open to anybody who reaches its address. */
export class TokenNeeded extends Error {
  override readonly name = 'TokenNeeded'
}

const cookieName = 'gauntlet_token'
const shortestToken = 16

/** Whether only this machine reaches an address. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '::1' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

/** Throws `TokenNeeded` where an address that others reach has no token, or one that is easily guessed. */
export function requireToken({ hostname, token }: Access): void {
  if (token !== undefined && token.length < shortestToken)
    throw new TokenNeeded(
      `GAUNTLET_DASHBOARD_TOKEN has ${token.length} characters; set one of at least ${shortestToken}.`,
    )
  if (token === undefined && !isLoopback(hostname))
    throw new TokenNeeded(
      `Others can reach ${hostname}; set GAUNTLET_DASHBOARD_TOKEN to a secret of at least ${shortestToken} characters, or bind to 127.0.0.1.`,
    )
}

/**
 * Refuses requests without the token. It is taken from `Authorization: Bearer`, from the query of the first visit
 * (`?token=`), or from the cookie that this visit leaves, because event streams of browsers send no headers. Without a
 * token, only requests that name this machine are answered, so that a foreign page cannot reach the server by a name of
 * its own (DNS rebinding).
 */
export function requireAccess({ token }: Access): MiddlewareHandler {
  return async (context, next) => {
    const url = new URL(context.req.url)
    if (token === undefined) {
      const host = url.hostname.replace(/^\[|\]$/g, '')
      if (!isLoopback(host)) throw new ApiError(403, 'This server answers on 127.0.0.1 and localhost only.')
      return next()
    }
    const visiting = url.searchParams.get('token')
    if (visiting !== null && isSame(visiting, token) && context.req.method === 'GET') {
      setCookie(context, cookieName, token, { httpOnly: true, sameSite: 'Strict', path: '/', maxAge: 30 * 86_400 })
      url.searchParams.delete('token')
      return context.redirect(`${url.pathname}${url.search}`, 302)
    }
    const bearer = context.req.header('authorization')?.match(/^Bearer (.+)$/)?.[1]
    const known = bearer ?? getCookie(context, cookieName)
    if (known === undefined || !isSame(known, token))
      throw new ApiError(
        401,
        'This server needs its token: open the address that npx gauntlet dashboard printed, with the value of GAUNTLET_DASHBOARD_TOKEN after ?token= (once), or send it as Authorization: Bearer.',
      )
    return next()
  }
}

/** Compares by digests, so that the time it takes says nothing about either text. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
