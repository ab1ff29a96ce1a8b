import { corruptImage } from '@gauntlet/corruptions'
import {
  InvalidDataset,
  openDataset,
  packDataset,
  resizeSquare,
  stackImages,
  type DatasetReader,
} from '@gauntlet/datasets'
import { corruptionNames, evaluatorLabel, type CorruptionEvaluator } from '@gauntlet/study'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commonImages } from './corrupted-images.ts'

/** Six test images and their corrupted copies, 18 × 13 pixels. Made by `test/parity/datasets/make_archive.py`. */
const archive = fileURLToPath(new URL('../../../../test/parity/datasets/tiny_processed.tar.zst', import.meta.url))
const resolution = 16
const everyIndex = [0, 1, 2, 3, 4, 5]

let folder: string
/** The archive's dataset, and the same without corrupted copies. */
let withCopies: DatasetReader
let without: DatasetReader

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gauntlet-common-'))
  const source = { id: 'tiny', source: 'file:tiny', sha256: 'a'.repeat(64), classes: 3, resolution, splitSeed: 42 }
  const specification = { ...source, trainImages: null, validationImages: null, testImages: null }
  const { manifest, imagesFile } = await packDataset(specification, archive, join(folder, 'images'))
  withCopies = openDataset({ manifest, images: imagesFile })
  const { train, validation, test } = manifest.splits
  without = openDataset({ manifest: { ...manifest, splits: { train, validation, test } }, images: imagesFile })
})
afterAll(async () => {
  await Promise.all([withCopies.close(), without.close()])
  await rm(folder, { recursive: true, force: true })
})

const asked = (changes: Partial<CorruptionEvaluator> = {}): CorruptionEvaluator => ({
  name: 'corruptions',
  portfolio: corruptionNames,
  severity: 3,
  ...changes,
})
const labelOf = (evaluator: CorruptionEvaluator) => evaluatorLabel({ name: 'common', evaluator })
const digestsOf = (images: DatasetReader) => everyIndex.map((index) => images.entry('test', index).digest)

describe('a dataset with corrupted copies of its test images', () => {
  it('gives those, under the digests of the clean ones, and says so', async () => {
    const { reader, evaluator } = commonImages(withCopies, asked())
    const batch = await reader.read(everyIndex)
    const stored = await withCopies.read('testCommon', everyIndex)
    expect(batch).toEqual({ images: stored.images, labels: stored.labels, digests: digestsOf(withCopies) })
    expect(labelOf(evaluator)).toBe('corruptions-archived')
  })

  it.each<[string, Partial<CorruptionEvaluator>]>([
    ['corruptions-11-s3', { images: 'generated' }],
    ['corruptions-11-s2', { severity: 2 }],
    ['corruptions-11-s3-native', { contract: 'native' }],
    ['corruptions-snow-s3', { portfolio: ['snow'] }],
  ])('gives its clean images corrupted where its copies are not what is asked for: %s', async (label, changes) => {
    const { reader, evaluator } = commonImages(withCopies, asked(changes))
    const generated = await commonImages(without, asked(changes)).reader.read(everyIndex)
    expect(await reader.read(everyIndex)).toEqual(generated)
    expect(generated.images).not.toEqual((await withCopies.read('testCommon', everyIndex)).images)
    expect(labelOf(evaluator)).toBe(label)
  })
})

describe('a dataset without corrupted copies', () => {
  it('is refused where archived images are asked for', () => {
    expect(() => commonImages(without, asked({ images: 'archived' }))).toThrow(InvalidDataset)
  })

  it.each<['paper' | 'native', Partial<CorruptionEvaluator>]>([
    ['paper', {}],
    ['native', { contract: 'native' }],
  ])('corrupts each image by its place, before it is resized or after: %s', async (contract, changes) => {
    const { reader, evaluator } = commonImages(without, asked(changes))
    const batch = await reader.read(everyIndex)
    const expected = await Promise.all(
      everyIndex.map(async (index) => {
        const stored = await without.readRgb8('test', index)
        const image = contract === 'native' ? resizeSquare(stored, resolution) : stored
        const key = { seed: 42, purpose: 'corruption', image: without.entry('test', index).digest }
        return corruptImage(image, corruptionNames[index]!, 3, key)
      }),
    )
    expect(expected.map(({ width }) => width)).toEqual(everyIndex.map(() => (contract === 'native' ? resolution : 18)))
    expect(batch.images).toEqual(stackImages(expected, resolution))
    expect(batch.corruptions).toEqual(corruptionNames.slice(0, 6))
    expect(batch.digests).toEqual(digestsOf(without))
    expect(labelOf(evaluator)).not.toContain('archived')
  })

  it('corrupts an image alone as among others', async () => {
    const { reader } = commonImages(without, asked())
    const together = await reader.read(everyIndex)
    const size = together.images.length / everyIndex.length
    for (const index of everyIndex.toReversed())
      expect((await reader.read([index])).images).toEqual(together.images.slice(index * size, (index + 1) * size))
  })
})
