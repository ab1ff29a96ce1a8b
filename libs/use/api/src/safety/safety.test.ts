import type { OpenAPIHono } from '@hono/zod-openapi'
import { expect, it } from 'vitest'
import { apiOf, dependenciesOf } from '../api.fixture.ts'
import type { PageFile } from '../create-api.ts'
import { serveApi } from '../serve-api.ts'
import { TokenNeeded } from './access.ts'

const token = 'a secret of sufficient length'
const nowhere = dependenciesOf(undefined as never, undefined as never)
const page = new Map<string, PageFile>([['/', { body: Buffer.from('<p>page</p>'), mediaType: 'text/html' }]])

/** Every route with values for its parameters, so that a new one is among them. */
function routesOf(app: OpenAPIHono): { method: string; path: string }[] {
  const values: Record<string, string> = { row: '1', index: '1', kind: 'clean', study: 's', action: 'retry' }
  const known = app.routes.filter(({ method, path }) => method !== 'ALL' && !path.includes('*'))
  return known.map(({ method, path }) => ({
    method,
    path: path.replace(/:(\w+)(\{[^}]*\})?/g, (_, name: string) => values[name] ?? '0'.repeat(64)),
  }))
}

it('refuses an address that others reach without a token, or with one that is easily guessed', async () => {
  for (const hostname of ['0.0.0.0', '192.168.1.4', '::', 'example.org'])
    await expect(serveApi(nowhere, { port: 0, access: { hostname, token: undefined } })).rejects.toThrow(TokenNeeded)
  await expect(serveApi(nowhere, { port: 0, access: { hostname: '0.0.0.0', token: 'short' } })).rejects.toThrow('16')
})

it('answers no route without the token, and none with a wrong one', async () => {
  const app = apiOf(nowhere, { access: { hostname: '0.0.0.0', token }, page })
  const routes = [...routesOf(app), { method: 'GET', path: '/' }, { method: 'GET', path: '/studies/x/matrix' }]
  expect(routes.length).toBeGreaterThan(14)
  for (const { method, path } of routes) {
    const statuses = await Promise.all([
      app.request(`http://example.org${path}`, { method }),
      app.request(`http://example.org${path}?token=wrong`, { method }),
      app.request(`http://example.org${path}`, { method, headers: { authorization: `Bearer ${token}x` } }),
      app.request(`http://example.org${path}`, { method, headers: { cookie: 'gauntlet_token=wrong' } }),
    ])
    expect([path, ...statuses.map(({ status }) => status)]).toEqual([path, 401, 401, 401, 401])
  }
})

it('keeps the token in a cookie after the first visit, and takes it out of the address', async () => {
  const app = apiOf(nowhere, { access: { hostname: '0.0.0.0', token }, page })
  const first = await app.request(`http://example.org/studies/x?token=${encodeURIComponent(token)}&sort=name`)
  expect([first.status, first.headers.get('location')]).toEqual([302, '/studies/x?sort=name'])
  const cookie = first.headers.get('set-cookie')!
  expect(cookie).toMatch(/HttpOnly.*SameSite=Strict/)
  const second = await app.request('http://example.org/', { headers: { cookie: cookie.split(';')[0]! } })
  expect([second.status, await second.text()]).toEqual([200, '<p>page</p>'])
  const bearer = await app.request('http://example.org/', { headers: { authorization: `Bearer ${token}` } })
  expect(bearer.status).toBe(200)
})

it('tells a person without the token in a page how to get it, and programs in JSON', async () => {
  const app = apiOf(nowhere, { access: { hostname: '0.0.0.0', token }, page })
  const ask = (path: string, accept: string) => app.request(`http://example.org${path}`, { headers: { accept } })
  const person = await ask('/studies/x/matrix', 'text/html,application/xhtml+xml,*/*;q=0.8')
  expect([person.status, person.headers.get('content-type')]).toEqual([401, 'text/html; charset=UTF-8'])
  expect(await person.text()).toMatch(/<p>This server needs its token: .*npx gauntlet dashboard.*<\/p>/)
  for (const [path, accept] of [
    ['/', '*/*'],
    ['/api/server', 'text/html'],
  ] as const)
    expect(await (await ask(path, accept)).json()).toEqual({ error: expect.stringContaining('needs its token') })
})

it('keeps other pages out of its window where browsers heed that, and says nothing of it elsewhere', async () => {
  const policyFor = async (headers: Record<string, string>) =>
    (await apiOf(nowhere, { page }).request('http://localhost/', { headers })).headers.get('cross-origin-opener-policy')
  expect(await policyFor({ 'sec-fetch-site': 'none' })).toBe('same-origin')
  expect(await policyFor({})).toBeNull()
})

it('answers no foreign name on loopback', async () => {
  const app = apiOf(nowhere, { page })
  const statusOf = async (host: string) => (await app.request(`http://${host}/`)).status
  expect(await Promise.all(['127.0.0.1:4680', 'localhost', '[::1]:1', 'rebound.example'].map(statusOf))).toEqual([
    200, 200, 200, 403,
  ])
})

it('lets a page load nothing from elsewhere, and be framed by nobody', async () => {
  const { headers } = await apiOf(nowhere, { page }).request('http://localhost/')
  const policy = headers.get('content-security-policy')!
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toMatch(/unsafe|https?:|\*/)
  expect(headers.get('access-control-allow-origin')).toBeNull()
})

it('refuses long addresses, large bodies, and too many requests at once', async () => {
  const app = apiOf(nowhere, { page })
  expect((await app.request(`http://localhost/?${'x'.repeat(5_000)}`)).status).toBe(414)
  const large = { method: 'POST', body: 'x', headers: { 'content-length': '20000' } }
  expect((await app.request('http://localhost/api/studies/s/actions/retry', large)).status).toBe(413)
  const unsaid = { method: 'POST', body: 'x', headers: { 'transfer-encoding': 'chunked' } }
  expect((await app.request('http://localhost/api/studies/s/actions/retry', unsaid)).status).toBe(413)
  const statuses = await Promise.all(
    Array.from({ length: 700 }, async () => (await app.request('http://localhost/')).status),
  )
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(100)
})
