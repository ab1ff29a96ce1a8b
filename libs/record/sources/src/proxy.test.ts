import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { digestOfBytes } from '@gauntlet/study'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { proxyFor } from './proxy.mjs'
import { serveProxy, serveTls, testCertificate } from './proxy.fixture.ts'
import { sendFile, serve } from './server.fixture.ts'

const bytes = Buffer.from('bytes behind a proxy')
const proxy = 'http://proxy.example:3128'
const of = (address: string, environment: NodeJS.ProcessEnv) => proxyFor(new URL(address), environment)?.href

describe('the proxy for an address', () => {
  it.each(['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'])('is that of %s', (name) => {
    expect(of('http://hub.example/x', { [name]: proxy })).toBe(`${proxy}/`)
    expect(of('http://hub.example/x', { [name]: 'proxy.example:3128' })).toBe(`${proxy}/`)
  })

  it('is chosen by the scheme, lower case before upper case, and an empty variable names none', () => {
    const both = { http_proxy: proxy, HTTPS_PROXY: 'https://secure.example:1', HTTP_PROXY: 'http://other:1' }
    expect(of('http://hub.example', both)).toBe(`${proxy}/`)
    expect(of('https://hub.example', both)).toBe('https://secure.example:1/')
    expect(of('https://hub.example', { http_proxy: proxy, https_proxy: '' })).toBeUndefined()
  })

  it('is none for this machine, whatever the variables say', () => {
    const octet = fc.integer({ min: 0, max: 255 })
    const host = fc.oneof(
      fc.constantFrom('localhost', 'LOCALHOST', 'temporal.localhost', '[::1]'),
      fc.tuple(octet, octet, octet).map((rest) => `127.${rest.join('.')}`),
    )
    fc.assert(
      fc.property(host, fc.constantFrom('http', 'https'), (name, scheme) => {
        expect(of(`${scheme}://${name}:7233/`, { http_proxy: proxy, https_proxy: proxy })).toBeUndefined()
      }),
    )
  })

  it.each([
    ['hub.example', 'http://hub.example/'],
    ['.example', 'http://hub.example/'],
    ['*.example', 'http://a.hub.example/'],
    ['example', 'http://hub.example/'],
    ['other, HUB.example', 'http://hub.example/'],
    ['other hub.example', 'http://hub.example/'],
    ['hub.example:8080', 'http://hub.example:8080/'],
    ['hub.example:443', 'https://hub.example/'],
    ['10.0.0.0/8', 'http://10.1.2.3/'],
    ['10.1.2.3', 'http://10.1.2.3/'],
    ['fd00::/8', 'http://[fd00::1]/'],
    ['*', 'http://anything/'],
  ])('is none where no_proxy is %s, for %s', (list, address) => {
    for (const name of ['no_proxy', 'NO_PROXY']) expect(of(address, { all_proxy: proxy, [name]: list })).toBeUndefined()
  })

  it.each([
    ['hub.example', 'http://nothub.example/'],
    ['hub.example:8080', 'http://hub.example/'],
    ['10.0.0.0/8', 'http://11.1.2.3/'],
    ['10.0.0.0/8', 'http://10.example/'],
    ['0.0.1', 'http://10.0.0.1/'],
    ['', 'http://hub.example/'],
    [', ,', 'http://hub.example/'],
    ['10.0.0.0/99', 'http://10.1.2.3/'],
  ])('stays where no_proxy is %j, for %s', (list, address) => {
    expect(of(address, { all_proxy: proxy, no_proxy: list })).toBe(`${proxy}/`)
  })

  it('is refused where it is of another kind, without its password', () => {
    const socks = () => of('https://hub.example', { all_proxy: 'socks5://user:secret@proxy:1080' })
    expect(socks).toThrow(expect.objectContaining({ name: 'UnusableSource' }))
    expect(socks).not.toThrow(/secret/)
  })
})

/** A process of its own, because the certificates that Node trusts are settled when it starts. */
function downloaded(url: string, variables: NodeJS.ProcessEnv) {
  const folder = emptyFolder()
  const [file, trusted] = [join(folder, 'file'), join(folder, 'trusted.pem')]
  writeFileSync(trusted, testCertificate)
  const script = join(import.meta.dirname, 'download.fixture.mjs')
  const env = { PATH: process.env['PATH'], HOME: folder, NODE_EXTRA_CA_CERTS: trusted, ...variables }
  return new Promise<{ bytes?: Buffer; stderr: string }>((done) =>
    execFile(process.execPath, [script, url, digestOfBytes(bytes), file], { env }, (error, _, stderr) =>
      done({ stderr, ...(error ? {} : { bytes: readFileSync(file) }) }),
    ),
  )
}

describe('a download through a proxy', () => {
  it.each(['http_proxy', 'HTTP_PROXY'])('asks it for an http: address, with its password (%s)', async (name) => {
    const server = await serve((request, response) => sendFile(request, response, bytes))
    const { address, asked } = await serveProxy(() => server.address)
    const through = address.replace('//', '//user:p%40ss@')
    expect((await downloaded('http://hub.invalid/file', { [name]: through })).bytes).toEqual(bytes)
    expect(asked.map(({ method, url, headers }) => [method, url, headers.host])).toEqual([
      ['GET', 'http://hub.invalid/file', 'hub.invalid'],
    ])
    expect(asked[0]?.headers['proxy-authorization']).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`)
  })

  it.each(['https_proxy', 'HTTPS_PROXY'])('goes through a tunnel to an https: address (%s)', async (name) => {
    const secure = await serveTls(bytes)
    const { address, asked } = await serveProxy(() => secure)
    expect(await downloaded('https://hub.invalid/file', { [name]: address, PAUSE: '1' })).toMatchObject({ bytes })
    expect(asked.map(({ method, url }) => [method, url])).toEqual([['CONNECT', 'hub.invalid:443']])
  })

  it('never asks it for this machine, also where Node itself is told to use it', async () => {
    const server = await serve((request, response) => sendFile(request, response, bytes))
    const { address, asked } = await serveProxy(() => server.address)
    const variables = { http_proxy: address, all_proxy: address, NODE_USE_ENV_PROXY: '1' }
    expect((await downloaded(server.address, variables)).bytes).toEqual(bytes)
    expect(asked).toEqual([])
  })

  it('fails in a sentence with what the proxy answers, and without its password', async () => {
    const { address } = await serveProxy(() => 'http://127.0.0.1:9', 407)
    const through = address.replace('//', '//user:secret@')
    const { stderr } = await downloaded('https://hub.invalid/file', { https_proxy: through, PAUSE: '1' })
    expect(stderr).toMatch(/https:\/\/hub\.invalid\/file cannot be reached \(the proxy answers 407\)/)
    expect(stderr).not.toContain('secret')
  })
})
