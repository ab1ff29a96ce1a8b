import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { digestOfBytes } from '@gauntlet/study'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fetchSource, identifySource } from './fetch-source.ts'
import { commit, serveHub, type HubBehaviour } from './hub.fixture.ts'
import { sendFile, serve } from './server.fixture.ts'
import { addressesOf } from './source-address.ts'

const weights = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 251))
const sha256 = digestOfBytes(weights)
const files = { 'timm/resnet50.a1_in1k/model.safetensors': weights }
const source = 'hf:timm/resnet50.a1_in1k/model.safetensors@main'
const exact = source.replace('@main', `@${commit}`)

let cacheFolder: string
beforeEach(() => {
  cacheFolder = emptyFolder()
  vi.stubEnv('HF_HOME', join(cacheFolder, 'huggingface'))
})
afterEach(() => {
  vi.unstubAllEnvs()
})

async function hub(behaviour: Partial<HubBehaviour> = {}) {
  const server = await serveHub({ files, ...behaviour })
  vi.stubEnv('HF_ENDPOINT', server.address)
  return server
}
const fetched = async (options = {}) =>
  readFileSync(await fetchSource(exact, sha256, { cacheFolder, pause: 1, ...options }))
const failure = () => fetchSource(exact, sha256, { cacheFolder, pause: 1 }).catch((error: Error) => error)

describe('what the hub says about a file before it is fetched', () => {
  it('is the commit its branch stands for and its SHA-256, which one request gives without the bytes', async () => {
    const { requests, stored } = await hub()
    expect(await identifySource(source, { cacheFolder })).toEqual({ source: exact, sha256 })
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'HEAD /timm/resnet50.a1_in1k/resolve/main/model.safetensors',
    ])
    expect(stored).toEqual([])
  })

  it('is found under the new name of a repository that was renamed', async () => {
    await hub({ renamed: { 'old/resnet50': 'timm/resnet50.a1_in1k' } })
    expect(await identifySource('hf:old/resnet50/model.safetensors@main', { cacheFolder })).toMatchObject({ sha256 })
  })

  it('lacks the SHA-256 of a small file, which is fetched once and then taken from the cache', async () => {
    const { requests } = await hub({ small: true })
    expect(await identifySource(source, { cacheFolder })).toEqual({ source: exact, sha256 })
    const asked = requests.length
    expect(await fetched()).toEqual(weights)
    expect(requests).toHaveLength(asked)
  })

  it.each(['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN', 'file'])('is asked for with the token of %s', async (place) => {
    const { requests } = await hub()
    if (place === 'file') {
      mkdirSync(join(cacheFolder, 'huggingface'))
      writeFileSync(join(cacheFolder, 'huggingface/token'), 'hf_secret\n')
    } else vi.stubEnv(place, 'hf_secret')
    await identifySource(source, { cacheFolder })
    expect(requests[0]?.headers.authorization).toBe('Bearer hf_secret')
  })

  it('is asked for again when the hub is busy', async () => {
    let busy = 2
    await hub({ front: (_, response) => busy-- > 0 && Boolean(response.writeHead(503).end()) })
    expect(await identifySource(source, { cacheFolder, pause: 1 })).toMatchObject({ sha256 })
  })
})

it('a source that is not of the hub is identified by its bytes, which are fetched unless they lie here', async () => {
  const server = await serve((request, response) => sendFile(request, response, weights))
  const web = `${server.address}/weights.pt?dl=1`
  expect(await identifySource(web, { cacheFolder })).toEqual({ source: web, sha256 })
  expect(readFileSync(await fetchSource(web, sha256, { cacheFolder }))).toEqual(weights)
  expect(server.requests).toHaveLength(1)
  const file = join(cacheFolder, 'own')
  writeFileSync(file, weights)
  expect(await identifySource(`file:${file}`, { cacheFolder })).toEqual({ source: `file:${file}`, sha256 })
})

describe('the token of the hub', () => {
  const headersOf = (HF_ENDPOINT: string) =>
    addressesOf(
      { kind: 'hf', repository: 'a/b', file: 'c', revision: 'main' },
      { HF_TOKEN: 'hf_secret', HF_ENDPOINT },
    ).map(({ url, headers }) => [new URL(url).hostname, headers?.['authorization']])
  const sent = 'Bearer hf_secret'

  it.each([
    ['', [['huggingface.co', sent]]],
    ['https://hub.example', [['hub.example', sent]]],
    [
      'https://mirror.example, https://huggingface.co',
      [
        ['mirror.example', undefined],
        ['huggingface.co', sent],
      ],
    ],
    [
      'https://hub.example, https://mirror.example',
      [
        ['hub.example', sent],
        ['mirror.example', undefined],
      ],
    ],
    [
      'https://huggingface.co.example, https://huggingface.co',
      [
        ['huggingface.co.example', undefined],
        ['huggingface.co', sent],
      ],
    ],
    ['http://hub.example', [['hub.example', undefined]]],
  ])('goes to the hub it belongs to and to no mirror, never unencrypted: HF_ENDPOINT=%s', (endpoints, expected) => {
    expect(headersOf(endpoints)).toEqual(expected)
  })
})

describe('a file of the hub', () => {
  it('is fetched from the host that its redirect leads to, which never sees the token', async () => {
    const { requests, stored } = await hub()
    vi.stubEnv('HF_TOKEN', 'hf_secret')
    expect(await fetched()).toEqual(weights)
    expect(requests[0]?.headers.authorization).toBe('Bearer hf_secret')
    expect(stored.map(({ headers }) => headers.authorization)).toEqual([undefined])
  })

  it('goes on where the connection was cut, on the condition that the file is still the same', async () => {
    const cuts = [50_000, 70_000]
    const etag = '"strong-tag"'
    const { stored } = await hub({
      storage(request, response) {
        response.setHeader('etag', etag)
        sendFile(request, response, weights, cuts.shift())
        return true
      },
    })
    expect(await fetched()).toEqual(weights)
    // Bytes that were on their way when the connection was cut may be lost, in the worst case all of them. Every
    // request that goes on must state the condition.
    const resumed = stored.filter(({ headers }) => headers.range !== undefined)
    expect(resumed.length).toBeGreaterThan(0)
    expect(stored.map(({ headers }) => headers['if-range'])).toEqual(
      stored.map((request) => (resumed.includes(request) ? etag : undefined)),
    )
    const places = resumed.map(({ headers }) => Number(/^bytes=(\d+)-$/.exec(headers.range!)![1]))
    expect(places).toEqual(places.toSorted((one, other) => one - other))
    for (const place of places) expect(place).toBeLessThanOrEqual(120_000)
  })

  it('starts over when the file was replaced in between', async () => {
    const old = Buffer.alloc(200_000, 1)
    let asked = 0
    const { stored } = await hub({
      storage(request, response) {
        const first = asked++ === 0
        response.setHeader('etag', first ? '"old"' : '"new"')
        if (!first && request.headers['if-range'] !== '"new"') delete request.headers.range
        sendFile(request, response, first ? old : weights, first ? 60_000 : Infinity)
        return true
      },
    })
    expect(await fetched()).toEqual(weights)
    expect(stored).toHaveLength(2)
  })

  it('waits as long as the hub asks after too many requests', async () => {
    let busy = true
    await hub({
      front(_, response) {
        const wasBusy = busy
        busy = false
        return wasBusy && Boolean(response.writeHead(429, { 'retry-after': '1' }).end())
      },
    })
    const started = performance.now()
    expect(await fetched()).toEqual(weights)
    expect(performance.now() - started).toBeGreaterThanOrEqual(990)
  })

  it('is tried again after errors of the server, with growing pauses', async () => {
    let errors = 3
    const { requests } = await hub({ front: (_, response) => errors-- > 0 && Boolean(response.writeHead(502).end()) })
    const started = performance.now()
    expect(await fetched({ pause: 40 })).toEqual(weights)
    expect(performance.now() - started).toBeGreaterThanOrEqual(40 + 80 + 160)
    expect(requests).toHaveLength(4)
  })

  it('comes from the next mirror where the first does not answer, lacks it, or has other bytes', async () => {
    const [empty, other, right] = [
      await serveHub({ files: {} }),
      await serveHub({ files: { 'timm/resnet50.a1_in1k/model.safetensors': weights.subarray(1) } }),
      await serveHub({ files }),
    ]
    vi.stubEnv('HF_ENDPOINT', [other.address, 'http://127.0.0.1:9'].join())
    await expect(fetched({ pause: 1 })).rejects.toMatchObject({ name: 'DigestMismatch' }) // which says more
    vi.stubEnv('HF_ENDPOINT', ['http://127.0.0.1:9', empty.address, other.address, `${right.address}/`].join(', '))
    expect(await fetched()).toEqual(weights)
  })

  it('is taken from the cache of the hub’s own client without the network, if its bytes are right', async () => {
    const server = await hub()
    const blobs = join(cacheFolder, 'huggingface/hub/models--timm--resnet50.a1_in1k/blobs')
    mkdirSync(blobs, { recursive: true })
    writeFileSync(join(blobs, sha256), weights)
    expect(await fetchSource(exact, sha256, { cacheFolder })).toBe(join(blobs, sha256))
    expect(server.requests).toEqual([])
    writeFileSync(join(blobs, sha256), weights.subarray(1))
    expect(await fetched()).toEqual(weights)
    expect(server.requests).toHaveLength(1)
  })
})

describe('without the hub', () => {
  beforeEach(() => {
    vi.stubEnv('HF_HUB_OFFLINE', '1')
  })

  it('a file that is there is used', async () => {
    const server = await hub()
    mkdirSync(join(cacheFolder, sha256))
    writeFileSync(join(cacheFolder, sha256, 'model.safetensors'), weights)
    expect(await fetched()).toEqual(weights)
    expect(server.requests).toEqual([])
  })

  it('a file that is not there is refused in a sentence that names the variable, without a request', async () => {
    const server = await hub()
    for (const failed of [
      await failure(),
      await identifySource(source, { cacheFolder }).catch((error: Error) => error),
    ])
      expect(failed).toMatchObject({ name: 'SourceNotFound', message: expect.stringContaining('HF_HUB_OFFLINE') })
    expect(server.requests).toEqual([])
  })

  it('a file is identified by the snapshot that the hub’s own client has of its branch', async () => {
    const folder = join(cacheFolder, 'huggingface/hub/models--timm--resnet50.a1_in1k')
    for (const name of ['refs', 'blobs', `snapshots/${commit}`]) mkdirSync(join(folder, name), { recursive: true })
    writeFileSync(join(folder, 'refs/main'), commit)
    writeFileSync(join(folder, 'blobs', sha256), weights)
    symlinkSync(join('../../blobs', sha256), join(folder, 'snapshots', commit, 'model.safetensors'))
    expect(await identifySource(source, { cacheFolder })).toEqual({ source: exact, sha256 })
  })
})

describe('a file of the hub is refused in one sentence', () => {
  it.each([401, 403])('that names HF_TOKEN when the hub answers %i', async (status) => {
    await hub({ front: (_, response) => Boolean(response.writeHead(status).end()) })
    expect(await failure()).toMatchObject({
      name: 'SourceForbidden',
      message: expect.stringMatching(/HF_TOKEN[^\n]*\.$/),
    })
  })

  it('when it does not exist', async () => {
    await hub({ files: {} })
    expect(await failure()).toMatchObject({
      name: 'SourceNotFound',
      message: expect.stringContaining('does not exist (404)'),
    })
  })

  it('when it holds other bytes, with both digests, and keeps nothing', async () => {
    const other = weights.subarray(1)
    await hub({ files: { 'timm/resnet50.a1_in1k/model.safetensors': other } })
    const failed = await failure()
    expect(failed).toMatchObject({
      name: 'DigestMismatch',
      message: expect.stringContaining(`${digestOfBytes(other)}, not ${sha256}`),
    })
    expect(existsSync(join(cacheFolder, sha256, 'model.safetensors'))).toBe(false)
  })

  it('when a bit was flipped on the way, though its length is right', async () => {
    const corrupt = Buffer.from(weights)
    corrupt[123_456]! ^= 1
    await hub({ storage: (request, response) => (sendFile(request, response, corrupt), true) })
    expect(await failure()).toMatchObject({ name: 'DigestMismatch' })
  })

  it('when its host answers 429 every time, and never with the signature of its address', async () => {
    await hub({ storage: (_, response) => Boolean(response.writeHead(429, { 'retry-after': '0' }).end()) })
    const failed = await failure()
    expect(failed).toMatchObject({ name: 'SourceUnreachable', message: expect.stringContaining('429') })
    expect(String(failed)).not.toContain('secret')
  })

  it('when it redirects for ever', async () => {
    await hub({ front: (request, response) => Boolean(response.writeHead(307, { location: request.url! }).end()) })
    expect(await identifySource(source, { cacheFolder, pause: 1 }).catch(({ name }: Error) => name)).toMatch(/^Source/)
  })

  it.each(['hf:timm/x/../../etc/passwd@main', 'hf:timm/x/a//b@main', 'hf:timm/x/a@../main'])(
    'when it is %s',
    async (outside) => {
      await expect(fetchSource(outside, sha256, { cacheFolder })).rejects.toMatchObject({ name: 'UnusableSource' })
    },
  )
})
