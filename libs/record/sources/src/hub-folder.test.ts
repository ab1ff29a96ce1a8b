import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { digestOfBytes } from '@gauntlet/study'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { fetchSource, identifySource } from './fetch-source.ts'
import { listHubFolder } from './hub-folder.ts'
import { commit, serveHub } from './hub.fixture.ts'

const tables = { 'data/train-00000-of-00001.parquet': 'train', 'data/test-00000-of-00001.parquet': 'test' }
const others = { 'README.md': 'about', '.gitattributes': 'x' }
const repository = 'datasets/someone/beans'

afterEach(() => {
  vi.unstubAllEnvs()
})

async function hub(files: Readonly<Record<string, string>>) {
  const named = Object.entries(files).map(([name, text]) => [`${repository}/${name}`, Buffer.from(text)])
  const server = await serveHub({ files: Object.fromEntries(named) as Record<string, Uint8Array> })
  vi.stubEnv('HF_ENDPOINT', server.address)
  return server
}

it('is pinned to its commit and to the digests that the hub gives, without fetching large files', async () => {
  const { stored } = await hub({ ...tables, ...others })
  const pinned = await identifySource(`hf:${repository}/@main`, { cacheFolder: emptyFolder() })
  expect(pinned.source).toBe(`hf:${repository}/@${commit}`)
  expect(stored).toHaveLength(0)
  const folder = emptyFolder()
  for (const [name, text] of Object.entries(tables)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  // A copy on this machine is the same data.
  expect((await identifySource(`file:${folder}`, { cacheFolder: emptyFolder() })).sha256).toBe(pinned.sha256)
})

it('is fetched as a folder of its Parquet files, once, and again without a network', async () => {
  const { stored } = await hub({ ...tables, ...others })
  const cacheFolder = emptyFolder()
  const { source, sha256 } = await identifySource(`hf:${repository}/data/@main`, { cacheFolder })
  const folder = await fetchSource(source, sha256, { cacheFolder })
  expect(readdirSync(folder).sort()).toEqual(['test-00000-of-00001.parquet', 'train-00000-of-00001.parquet'])
  vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9')
  expect(await fetchSource(source, sha256, { cacheFolder })).toBe(folder)
  expect(stored).toHaveLength(2)
})

it('is fetched once for all that ask at once, who may read it from then on', async () => {
  const { stored } = await hub(tables)
  const cacheFolder = emptyFolder()
  const { source, sha256 } = await identifySource(`hf:${repository}/@main`, { cacheFolder })
  const fetched = Array.from({ length: 3 }, async () => {
    const folder = await fetchSource(source, sha256, { cacheFolder })
    return statSync(folder).ino
  })
  expect(new Set(await Promise.all(fetched)).size).toBe(1)
  expect(stored).toHaveLength(2)
})

it('fetches the rest alone where some files are there already, as after a kill', async () => {
  const { stored } = await hub(tables)
  const cacheFolder = emptyFolder()
  const { source, sha256 } = await identifySource(`hf:${repository}/@main`, { cacheFolder })
  const folder = await fetchSource(source, sha256, { cacheFolder })
  rmSync(folder, { recursive: true })
  rmSync(join(cacheFolder, digestOfBytes(Buffer.from('test'))), { recursive: true })
  writeFileSync(`${folder}.building`, 'half')
  expect(
    readFileSync(join(await fetchSource(source, sha256, { cacheFolder }), 'data/test-00000-of-00001.parquet'), 'utf8'),
  ).toBe('test')
  expect(stored).toHaveLength(3)
})

it('is fetched again as far as it was damaged in the cache', async () => {
  const { stored } = await hub(tables)
  const cacheFolder = emptyFolder()
  const { source, sha256 } = await identifySource(`hf:${repository}/@main`, { cacheFolder })
  const table = join(await fetchSource(source, sha256, { cacheFolder }), 'data/test-00000-of-00001.parquet')
  writeFileSync(table, 'damaged')
  await fetchSource(source, sha256, { cacheFolder })
  expect(readFileSync(table, 'utf8')).toBe('test')
  expect(stored).toHaveLength(3)
})

it('passes over names that lead out of the folder, and refuses one of more files than an answer lists', async () => {
  const folder = { kind: 'hf-folder', repository, path: '', revision: commit } as const
  await hub({ 'a.png': 'one', '../../b.png': 'x', 'C:/c.png': 'x', 'd//e.png': 'x', 'f\\g.png': 'x', './h.png': 'x' })
  expect((await listHubFolder(folder, {})).map(({ name }) => name)).toEqual(['a.png'])
  const entries = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}.png`, 'x']))
  await hub(entries(998)) // beside a folder that the hub lists too
  expect(await listHubFolder(folder, {})).toHaveLength(998)
  await hub(entries(999))
  await expect(listHubFolder(folder, {})).rejects.toThrow('has 1000 entries or more')
})

it('takes all files where there are no Parquet files, and refuses what changed or is not there', async () => {
  await hub({ 'daisy/1.png': 'one', 'rose/1.png': 'two', '.hidden': 'x' })
  const cacheFolder = emptyFolder()
  const { source, sha256 } = await identifySource(`hf:${repository}/@main`, { cacheFolder })
  expect(readdirSync(await fetchSource(source, sha256, { cacheFolder }))).toEqual(['daisy', 'rose'])
  await hub({ 'daisy/1.png': 'one', 'rose/1.png': 'other' })
  await expect(fetchSource(source, sha256, { cacheFolder: emptyFolder() })).rejects.toMatchObject({
    name: 'DigestMismatch',
  })
  await expect(identifySource(`hf:${repository}/lily/@main`, { cacheFolder })).rejects.toMatchObject({
    name: 'SourceNotFound',
  })
})
