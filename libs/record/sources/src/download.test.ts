import { fork } from 'node:child_process'
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { digestOfBytes } from '@gauntlet/study'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { download } from './download.mjs'
import { sendFile, serve } from './server.fixture.ts'

const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251))
const sha256 = digestOfBytes(bytes)
const hasFullDevice = existsSync('/dev/full')

describe('a download', () => {
  it('ends with the same bytes wherever the connection is cut, and asks each time only for what is missing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 4 }), async (cuts) => {
        const left = [...cuts]
        const server = await serve((request, response) => sendFile(request, response, bytes, left.shift()))
        const file = await download({ url: server.address, sha256, file: join(emptyFolder(), 'file'), pause: 1 })
        expect(digestOfBytes(readFileSync(file))).toBe(sha256)
        const starts = server.requests.map(({ headers }) => Number(/\d+/.exec(headers.range ?? '0')?.[0]))
        expect(starts).toEqual([...starts].sort((a, b) => a - b))
      }),
      { numRuns: 15 },
    )
  })

  it('is not given up while every try brings a part of it', async () => {
    const cuts = Array.from({ length: 8 }, () => 30_000)
    const server = await serve((request, response) => sendFile(request, response, bytes, cuts.shift()))
    const file = await download({ url: server.address, sha256, file: join(emptyFolder(), 'file'), pause: 1 })
    expect([digestOfBytes(readFileSync(file)), server.requests.length]).toEqual([sha256, 9])
  })

  it('goes on where a killed process stopped', async () => {
    const file = join(emptyFolder(), 'file')
    writeFileSync(`${file}.partial`, bytes.subarray(0, 123_456))
    const server = await serve((request, response) => sendFile(request, response, bytes))
    await download({ url: server.address, sha256, file })
    expect(server.requests.map(({ headers }) => headers.range)).toEqual(['bytes=123456-'])
    expect(digestOfBytes(readFileSync(file))).toBe(sha256)
  })

  it('starts over when what is there is not the beginning of the file', async () => {
    const file = join(emptyFolder(), 'file')
    for (const wrong of [bytes.subarray(5, 1_000), Buffer.alloc(bytes.length), Buffer.alloc(bytes.length + 1)]) {
      writeFileSync(`${file}.partial`, wrong)
      const server = await serve((request, response) => sendFile(request, response, bytes))
      await download({ url: server.address, sha256, file })
      expect(digestOfBytes(readFileSync(file))).toBe(sha256)
    }
  })

  it.each([
    ['writes on at the end of the file', (partial: string) => appendFileSync(partial, 'of another host')],
    ['replaces bytes that were checked in memory', (partial: string) => overwriteStart(partial)],
  ])('never ends with what another host mixed into it: one that %s', async (_, mix) => {
    const file = join(emptyFolder(), 'file')
    let requests = 0
    const server = await serve((_, response) => {
      if (++requests > 1) return response.end(bytes)
      response.writeHead(200, { 'content-length': bytes.length })
      response.write(bytes.subarray(0, 100_000), async () => {
        while (!(statSync(`${file}.partial`, { throwIfNoEntry: false })?.size ?? 0)) await sleep(5)
        mix(`${file}.partial`)
        response.end(bytes.subarray(100_000))
      })
    })
    const ended = await download({ url: server.address, sha256, file, pause: 1 }).catch((error: Error) => error.name)
    if (ended === 'DigestMismatch') expect(existsSync(file)).toBe(false)
    else expect(digestOfBytes(readFileSync(file))).toBe(sha256)
  })

  it('takes the whole file from a server without ranges', async () => {
    const file = join(emptyFolder(), 'file')
    writeFileSync(`${file}.partial`, bytes.subarray(0, 1_000))
    const server = await serve((_, response) => response.end(bytes))
    await download({ url: server.address, sha256, file })
    expect(digestOfBytes(readFileSync(file))).toBe(sha256)
  })

  it('follows redirects without sending credentials to another host', async () => {
    const files = await serve((request, response) => sendFile(request, response, bytes))
    const hub = await serve((_, response) =>
      response.writeHead(302, { location: files.address.replace('127.0.0.1', 'localhost') }).end(),
    )
    const headers = { authorization: 'Bearer secret' }
    await download({ url: hub.address, sha256, file: join(emptyFolder(), 'file'), headers })
    expect(hub.requests[0]?.headers.authorization).toBe('Bearer secret')
    expect(files.requests[0]?.headers.authorization).toBeUndefined()
  })

  it('takes credentials that the address lacks from ~/.netrc, for their host alone', async () => {
    const netrc = join(emptyFolder(), '.netrc')
    writeFileSync(netrc, 'machine 127.0.0.1 login user password p@ss')
    vi.stubEnv('NETRC', netrc)
    const files = await serve((request, response) => sendFile(request, response, bytes))
    const first = await serve((_, response) =>
      response.writeHead(302, { location: files.address.replace('127.0.0.1', 'localhost') }).end(),
    )
    await download({ url: first.address, sha256, file: join(emptyFolder(), 'file') })
    expect(first.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`)
    expect(files.requests[0]?.headers.authorization).toBeUndefined()
    vi.unstubAllEnvs()
  })

  it('takes a file that a server sends compressed although it was asked not to', async () => {
    const server = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(bytes)),
    )
    const file = await download({ url: server.address, sha256, file: join(emptyFolder(), 'file') })
    expect(digestOfBytes(readFileSync(file))).toBe(sha256)
  })

  it('sends credentials in the address as a header and never prints them', async () => {
    const server = await serve((_, response) => response.writeHead(404).end())
    const url = `${server.address.replace('//', '//user:p%40ss@')}/file?signature=secret`
    const failure = await download({ url, sha256, file: join(emptyFolder(), 'file') }).catch((error: Error) => error)
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`)
    expect(failure).toMatchObject({ name: 'SourceNotFound' })
    expect(String(failure)).not.toMatch(/p%40ss|p@ss|secret/)
  })

  it('waits as long as a busy server asks', async () => {
    let asked = 0
    const server = await serve((request, response) => {
      if (asked++ === 0) response.writeHead(429, { 'retry-after': '1' }).end()
      else sendFile(request, response, bytes)
    })
    const started = Date.now()
    await download({ url: server.address, sha256, file: join(emptyFolder(), 'file'), pause: 1 })
    expect(Date.now() - started).toBeGreaterThanOrEqual(990)
  })

  it('counts a connection that sends nothing any more as cut', async () => {
    let asked = 0
    const server = await serve((request, response) => {
      if (asked++ > 0) return sendFile(request, response, bytes)
      response.writeHead(200, { 'content-length': bytes.length })
      response.write(bytes.subarray(0, 1_000))
    })
    await download({ url: server.address, sha256, file: join(emptyFolder(), 'file'), pause: 1, stall: 100 })
    expect(server.requests[1]?.headers.range).toBe('bytes=1000-')
  })

  it('is made once for many processes that want the same file', async () => {
    const file = join(emptyFolder(), 'file')
    const server = await serve((request, response) => setTimeout(() => sendFile(request, response, bytes), 100))
    const children = Array.from({ length: 3 }, () =>
      fork(join(import.meta.dirname, 'download.fixture.mjs'), [server.address, sha256, file]),
    )
    const codes = await Promise.all(children.map((child) => new Promise((resolve) => child.on('exit', resolve))))
    expect(codes).toEqual([0, 0, 0])
    expect(server.requests).toHaveLength(1)
    expect(digestOfBytes(readFileSync(file))).toBe(sha256)
  })

  it('sends no request for a file that is there and right, and replaces one that is damaged', async () => {
    const file = join(emptyFolder(), 'file')
    const server = await serve((request, response) => sendFile(request, response, bytes))
    for (const content of [bytes, bytes.subarray(1)]) {
      writeFileSync(file, content)
      await download({ url: server.address, sha256, file })
      expect(digestOfBytes(readFileSync(file))).toBe(sha256)
    }
    expect(server.requests).toHaveLength(1)
  })
})

describe('a download fails in one sentence that says what to change', () => {
  const failures: [string, number, string][] = [
    ['SourceNotFound', 404, 'correct the source'],
    ['SourceForbidden', 401, 'credentials'],
    ['SourceForbidden', 403, 'credentials'],
    ['SourceUnreachable', 503, 'start again'],
    ['SourceUnreachable', 429, 'start again'],
  ]
  it.each(failures)('%s when the server answers %i', async (name, status, advice) => {
    const server = await serve((_, response) => response.writeHead(status, { 'retry-after': '0' }).end())
    const failure = await download({ url: server.address, sha256, file: join(emptyFolder(), 'file'), pause: 1 }).catch(
      (error: Error) => error,
    )
    expect(failure).toMatchObject({ name, message: expect.stringContaining(advice) })
    expect((failure as Error).message).not.toContain('\n')
  })

  it('SourceUnreachable without a network', async () => {
    const failure = download({
      url: 'http://127.0.0.1:59999/file',
      sha256,
      file: join(emptyFolder(), 'file'),
      pause: 1,
    })
    await expect(failure).rejects.toMatchObject({
      name: 'SourceUnreachable',
      message: expect.stringContaining('check the network'),
    })
  })

  it('DigestMismatch for other bytes, which are deleted', async () => {
    const folder = emptyFolder()
    const server = await serve((request, response) => sendFile(request, response, bytes.subarray(1)))
    const failure = download({ url: server.address, sha256, file: join(folder, 'file') })
    await expect(failure).rejects.toMatchObject({ name: 'DigestMismatch', message: expect.stringContaining(sha256) })
    expect(['file', 'file.partial', 'file.lock'].filter((name) => existsSync(join(folder, name)))).toEqual([])
  })

  it.runIf(hasFullDevice)('DiskFull when the disk is full', async () => {
    const file = join(emptyFolder(), 'file')
    symlinkSync('/dev/full', `${file}.partial`)
    const server = await serve((request, response) => sendFile(request, response, bytes))
    await expect(download({ url: server.address, sha256, file })).rejects.toMatchObject({ name: 'DiskFull' })
  })

  it('DiskFull before the first byte when the file cannot fit', async () => {
    const server = await serve((_, response) => response.writeHead(200, { 'content-length': 2 ** 52 }).write('x'))
    await expect(download({ url: server.address, sha256, file: join(emptyFolder(), 'file') })).rejects.toMatchObject({
      name: 'DiskFull',
    })
  })

  it('or with the reason that the caller stopped it for', async () => {
    const stop = new AbortController()
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('x')
      setTimeout(() => stop.abort(new Error('stopped')), 20)
    })
    const failure = download({ url: server.address, sha256, file: join(emptyFolder(), 'file'), signal: stop.signal })
    await expect(failure).rejects.toThrow('stopped')
  })
})

function overwriteStart(path: string): void {
  const file = openSync(path, 'r+')
  writeSync(file, 'of another host', 0)
  closeSync(file)
}
