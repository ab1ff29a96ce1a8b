import { openArtifactStore } from '@gauntlet/artifacts'
import { backboneFor, edgeNeXtModels, isHead } from '@gauntlet/backbones'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { fetchSource, identifySource } from '@gauntlet/sources'
import { serveHub } from '@gauntlet/sources/fixtures/hub'
import { backboneFacts, digestOfBytes } from '@gauntlet/study'
import { elementCount, readSafetensors, writeSafetensors, type NamedArray } from '@gauntlet/weights'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { StageContext } from '../bundles/bundle-protocol.ts'
import { midStageCheckpoint } from '../stage-progress.ts'
import { pretrainLoad } from './pretrain-load.ts'

const id = 'edgenext_small.usi_in1k'
const model = backboneFor(id, 'paper')
const specifications = model.specifications(model.pretrainedClasses)
const arrays = specifications.map(({ name, shape, kind }): NamedArray => {
  if (kind === 'counter') return { name, shape, dtype: 'int64', data: BigInt64Array.of(3n) }
  return { name, shape, dtype: 'float32', data: new Float32Array(elementCount(shape)).fill(0.5) }
})

const stageKey = 'c0'.repeat(32)
let context: StageContext
let cache: { cacheFolder: string; signal: AbortSignal }
beforeEach(() => {
  const folder = emptyFolder()
  const store = openArtifactStore(pathToFileURL(folder).href)
  cache = { cacheFolder: folder, signal: new AbortController().signal }
  context = {
    store,
    cacheFolder: folder,
    signal: cache.signal,
    report: () => undefined,
    fetchSource: (source, sha256) => fetchSource(source, sha256, cache),
    progress: midStageCheckpoint(store, stageKey),
  }
  vi.stubEnv('HF_HOME', folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
})

interface Asked {
  readonly sha256?: string
  /** The classes of the head that is kept. */
  readonly classes?: number
  readonly metadata?: Record<string, string>
}

/** Loads what a hub has, pinned as a study would pin it. */
async function load(published: readonly NamedArray[], { sha256, classes, metadata }: Asked = {}) {
  const file = writeSafetensors(published, metadata)
  const { address } = await serveHub({ files: { [`timm/${id}/model.safetensors`]: file } })
  vi.stubEnv('HF_ENDPOINT', address)
  const pinned = await identifySource(backboneFacts(id)!.weights!.source, cache)
  const backbone = { id, ...pinned, ...(sha256 ? { sha256 } : {}), inputContract: 'paper' as const }
  const stage = pretrainLoad([edgeNeXtModels])
  const request = {
    stageKey,
    input: { backbone, ...(classes === undefined ? {} : { classes }) },
  } as unknown as Parameters<typeof stage>[0]
  return { file, result: await stage(request, context) }
}

it('loads the checkpoint of a hub, every tensor but the head’s, and says which bytes they come from', async () => {
  const { file, result } = await load(arrays)
  expect(result.sources['weights']).toMatchObject({ digest: digestOfBytes(file), size: file.byteLength })
  const stored = readSafetensors(await context.store.read(result.generated['parameters']!))
  const kept = specifications.map(({ name }) => name).filter((name) => !isHead(model, name))
  expect(stored.arrays.map(({ name }) => name).sort()).toEqual(kept.sort())
  expect(stored.metadata).toMatchObject({ backbone: id, weights: digestOfBytes(file) })
})

it('keeps the head of a checkpoint that is evaluated as it is, and says what was done to it', async () => {
  const prefixed = arrays.map((array) => ({ ...array, name: `module.${array.name}` }))
  const { result } = await load(prefixed, { classes: 1000 })
  const stored = readSafetensors(await context.store.read(result.generated['parameters']!))
  expect(stored.arrays.map(({ name }) => name).sort()).toEqual(specifications.map(({ name }) => name).sort())
  const changes: unknown = JSON.parse(Buffer.from(await context.store.read(result.generated['changes']!)).toString())
  expect(changes).toEqual([`the prefix module. of ${arrays.length} names is stripped`])
  await expect(load(arrays, { classes: 4 })).rejects.toMatchObject({
    name: 'WeightsMismatch',
    message: expect.stringContaining('tells 1000 classes apart, not 4'),
  })
})

it('starts from a checkpoint of Gauntlet’s own, but evaluates it only on pixels as it was trained', async () => {
  const metadata = { backbone: id, inputContract: 'native' }
  const head = arrays.filter(({ name }) => isHead(model, name))
  const own = model.specifications(4).map((specification) => arrays.find(({ name }) => name === specification.name)!)
  const four = own.map((array) => (head.includes(array) ? fourOf(array) : array))
  await expect(load(four, { metadata })).resolves.toBeDefined()
  await expect(load(four, { metadata, classes: 4 })).rejects.toMatchObject({
    name: 'WeightsMismatch',
    message: expect.stringContaining('write inputContract: native'),
  })
  await expect(load(four, { metadata: { backbone: id, inputContract: 'paper' }, classes: 4 })).resolves.toBeDefined()
})

/** The first four rows of a head. */
function fourOf({ name, shape, data }: NamedArray): NamedArray {
  const width = elementCount(shape.slice(1))
  return { name, dtype: 'float32', shape: [4, ...shape.slice(1)], data: data.slice(0, 4 * width) }
}

it('refuses a checkpoint that lacks a tensor, has one too many, or one that is not finite', async () => {
  const [first, ...rest] = arrays as [NamedArray, ...NamedArray[]]
  await expect(load(rest)).rejects.toMatchObject({
    name: 'WeightsMismatch',
    message: expect.stringContaining(first.name),
  })
  const extra: NamedArray = { name: 'one.too.many', dtype: 'float32', shape: [1], data: new Float32Array(1) }
  await expect(load([...arrays, extra])).rejects.toMatchObject({
    message: expect.stringContaining('unexpected: one.too.many'),
  })
  const broken = { ...first, data: (first.data as Float32Array).with(0, NaN) }
  await expect(load([broken, ...rest])).rejects.toMatchObject({ message: expect.stringContaining('not finite') })
})

it('refuses other bytes than the pinned ones with both digests', async () => {
  const sha256 = 'a'.repeat(64)
  const digest = digestOfBytes(writeSafetensors(arrays))
  await expect(load(arrays, { sha256 })).rejects.toMatchObject({
    name: 'DigestMismatch',
    message: expect.stringContaining(`${digest}, not ${sha256}`),
  })
})
