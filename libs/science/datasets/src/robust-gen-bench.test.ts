import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tarOf } from '@gauntlet/files/fixtures/tar'
import type { DatasetSpecification } from '@gauntlet/study'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InvalidDataset } from './invalid-dataset.ts'
import { openDataset } from './open-dataset.ts'
import { robustGenBench } from './sources/layouts/robust-gen-bench.ts'
import { packDataset } from './pack-dataset.ts'
import { readSource } from './sources/read-source.ts'
import type { Scan, ScannedImage } from './sources/scan-files.ts'

/** Made by `test/parity/datasets/make_archive.py`. */
const tiny = fileURLToPath(new URL('../../../../test/parity/datasets/tiny_processed.tar.zst', import.meta.url))
const tinyPixels = new URL('../../../../test/parity/datasets/tiny_pixels.json', import.meta.url)

const specification: DatasetSpecification = {
  id: 'tiny',
  source: 'file:tiny',
  sha256: 'a'.repeat(64),
  classes: 3,
  resolution: 8,
  trainImages: null,
  validationImages: null,
  testImages: null,
  splitSeed: 42,
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gauntlet-archive-test-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const text = (value: string) => new TextEncoder().encode(value)
const prepare = (source: string, changes: Partial<DatasetSpecification> = {}) =>
  packDataset({ ...specification, ...changes }, source, join(folder, 'images'))

/** A Zstandard frame (RFC 8878) of an 8 MiB window and the given blocks. */
function zstdFrame(blocks: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x68]), ...blocks]))
}

function zstdBlock(kind: 'raw' | 'repeat', size: number, bytes: Uint8Array, last: boolean): Uint8Array {
  const header = (size << 3) | ((kind === 'raw' ? 0 : 1) << 1) | Number(last)
  return Buffer.concat([Buffer.from([header & 255, (header >>> 8) & 255, header >>> 16]), bytes])
}

async function archiveOf(members: Parameters<typeof tarOf>[0]): Promise<string> {
  const tar = tarOf(members)
  const parts = Array.from({ length: Math.ceil(tar.length / 65536) }, (_, i) =>
    tar.subarray(65536 * i, 65536 * (i + 1)),
  )
  const frame = zstdFrame(parts.map((part, i) => zstdBlock('raw', part.length, part, i === parts.length - 1)))
  await writeFile(join(folder, 'archive.tar.zst'), frame)
  return join(folder, 'archive.tar.zst')
}

/** One grey PNG for each of train, val and test. */
async function members(): Promise<{ name: string; bytes: Uint8Array }[]> {
  const split = async (name: string, level: number) => {
    const png = await sharp(new Uint8Array(48).fill(level), { raw: { width: 4, height: 4, channels: 3 } })
      .png()
      .toBuffer()
    return [
      { name: `${name}/00000.png`, bytes: Uint8Array.from(png) },
      { name: `${name}/labels.csv`, bytes: text('filename,label\n00000.png,1\n') },
    ]
  }
  return (await Promise.all([split('train', 10), split('val', 20), split('test', 30)])).flat()
}

describe('an archive of RobustGenBench', () => {
  it('keeps its splits in the order of their file names, whatever their order in the archive', async () => {
    const { manifest } = await prepare(tiny)
    const labels = Object.fromEntries(
      Object.entries(manifest.splits).map(([split, images]) => [split, images!.map(({ label }) => label).join('')]),
    )
    expect(labels).toEqual({ train: '012012012012', validation: '012012', test: '012012', testCommon: '012012' })
    expect(
      manifest.splits.train.map(({ encoding }) => encoding).filter((encoding) => encoding === 'jpeg'),
    ).toHaveLength(1)
  })

  it('has grey, transparent, palette and colour images, which decode to the pixels that Pillow gives', async () => {
    const { manifest, imagesFile } = await prepare(tiny)
    const expected = JSON.parse(await readFile(tinyPixels, 'utf8')) as Record<string, string>
    const reader = openDataset({ manifest, images: imagesFile })
    const folders = { train: 'train', validation: 'val', test: 'test', testCommon: 'test_common' } as const
    const actual: Record<string, string> = {}
    for (const [split, name] of Object.entries(folders) as [keyof typeof folders, string][]) {
      for (let i = 0; i < reader.count(split); i++) {
        const file = `${String(i).padStart(5, '0')}.${reader.entry(split, i).encoding === 'jpeg' ? 'jpg' : 'png'}`
        actual[`${name}/${file}`] = createHash('sha256')
          .update((await reader.readRgb8(split, i)).data)
          .digest('hex')
      }
    }
    await reader.close()
    expect(actual).toEqual(expected)
  })

  it('gives the corrupted copies of the test images that it gives', async () => {
    const { manifest } = await prepare(tiny, { testImages: 3 })
    expect(manifest.splits.testCommon!.map(({ label }) => label)).toEqual(
      manifest.splits.test.map(({ label }) => label),
    )
    expect(manifest.splits.test).toHaveLength(3)
  })
})

it('may have more images than a call may have arguments', () => {
  const names = Array.from({ length: 200_000 }, (_, i) => `${i}.png`)
  const images = new Map(names.map((name) => [`train/${name}`, {} as ScannedImage]))
  const lines = names.map((name, i) => `${name},${i % 3}`)
  const tables = new Map([['train/labels.csv', text(`filename,label\n${lines.join('\n')}`)]])
  const labelling = robustGenBench({ images, tables } as Partial<Scan> as Scan)
  expect([labelling!.classNames, labelling!.images.length]).toEqual([['0', '1', '2'], 200_000])
})

describe('an archive is refused', () => {
  const change = async (name: string, bytes: Uint8Array | null) =>
    archiveOf((await members()).flatMap((member) => (member.name !== name ? [member] : bytes ? [{ name, bytes }] : [])))

  it.each([
    ['an image without a label', 'train/labels.csv', text('filename,label\n'), 'no line in labels.csv'],
    [
      'a label without an image',
      'train/labels.csv',
      text('filename,label\n00000.png,1\n00001.png,1\n'),
      'not in the archive',
    ],
    ['a label given twice', 'train/labels.csv', text('filename,label\n00000.png,1\n00000.png,2\n'), 'twice'],
    [
      'a label that is no number',
      'val/labels.csv',
      text('filename,label\n00000.png,cat\n'),
      'Line 2 of val/labels.csv',
    ],
    ['labels.csv without its head', 'val/labels.csv', text('00000.png,1\n'), 'does not begin with'],
    ['a label beyond the classes', 'test/labels.csv', text('filename,label\n00000.png,3\n'), 'classes'],
    ['a file that is no image', 'train/00000.png', text('hello'), 'train/00000.png has no image'],
    ['no images at all', 'train/00000.png', null, 'not in the archive'],
  ])('with %s', async (_, name, bytes, message) => {
    await expect(prepare(await change(name, bytes))).rejects.toThrow(message)
  })

  it('with an image that does not decode, is not as large as it says or is absurdly large', async () => {
    const png = (await members())[0]!.bytes
    await expect(prepare(await change('train/00000.png', png.subarray(0, png.length - 20)))).rejects.toThrow(
      'not a readable PNG',
    )
    const huge = png.slice()
    new DataView(huge.buffer).setUint32(16, 100_000)
    new DataView(huge.buffer).setUint32(20, 100_000)
    await expect(prepare(await change('train/00000.png', huge))).rejects.toThrow('100000 × 100000')
  })

  it('with more classes than its images can have, and with a label beyond the number it gives', async () => {
    const check = async (name: string, content: string, classes?: number) => {
      const kept = (await members()).filter((member) => member.name !== name)
      return readSource(await archiveOf([...kept, { name, bytes: text(content) }]), classes)
    }
    const labels = 'filename,label\n00000.png,999999999\n'
    await expect(check('train/labels.csv', labels)).rejects.toThrow('make 1000000000 classes of 3 images; correct')
    await expect(check('metadata.json', '{"N": 400000000}')).rejects.toThrow('make 400000000 classes of 3 images')
    await expect(check('metadata.json', '{"N": 2}', 400_000_000)).rejects.toThrow('more than 100000; correct classes')
    await expect(check('metadata.json', '{"N": 1}', 2)).resolves.toMatchObject({ classNames: ['0', '1'] })
    await expect(check('test/labels.csv', 'filename,label\n00000.png,1001\n')).rejects.toThrow('1002 classes')
    const beyond = [...(await members()), { name: 'metadata.json', bytes: text('{"N": 3}') }].map((member) =>
      member.name === 'val/labels.csv' ? { ...member, bytes: text('filename,label\n00000.png,7\n') } : member,
    )
    await expect(readSource(await archiveOf(beyond))).rejects.toThrow('val/00000.png has the label 7, counted from 0')
  })

  it('with another number of classes than the study says, or two images of one name', async () => {
    const metadata = { name: 'metadata.json', bytes: text('{"N": 7}') }
    await expect(prepare(await archiveOf([...(await members()), metadata]))).rejects.toThrow('7 classes')
    const [image] = await members()
    await expect(prepare(await archiveOf([...(await members()), image!]))).rejects.toThrow('twice')
  })

  it('with corrupted copies that are not those of the test images', async () => {
    const [, , , , image] = await members()
    const common = [
      { name: 'test_common/00000.png', bytes: image!.bytes },
      { name: 'test_common/labels.csv', bytes: text('filename,label\n00000.png,2\n') },
    ]
    await expect(prepare(await archiveOf([...(await members()), ...common]))).rejects.toThrow('same order')
  })

  it('with a name that leads out of its folder', async () => {
    await expect(prepare(await archiveOf([{ name: '../train/00000.png' }]))).rejects.toThrow('leads out')
  })

  it('that is cut short, damaged or a bomb', async () => {
    const bytes = await readFile(tiny)
    const bad = join(folder, 'bad.tar.zst')
    await writeFile(bad, bytes.subarray(0, 3000))
    await expect(prepare(bad)).rejects.toThrow(InvalidDataset)
    await writeFile(
      bad,
      bytes.map((byte, i) => (i > 100 && i < 400 ? 255 - byte : byte)),
    )
    await expect(prepare(bad)).rejects.toThrow(InvalidDataset)
    const repeats = Array.from({ length: 4000 }, () => zstdBlock('repeat', 131_072, Uint8Array.of(0), false))
    await writeFile(bad, zstdFrame(repeats))
    await expect(prepare(bad)).rejects.toThrow('implausibly many bytes')
  })
})
