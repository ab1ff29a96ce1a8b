import { describe, expect, it } from 'vitest'
import { InvalidDataset } from './invalid-dataset.ts'
import { encodeManifest, parseManifest, type DatasetManifest } from './manifest.ts'

const image = {
  digest: 'b'.repeat(64),
  label: 1,
  offset: 0,
  length: 12,
  width: 2,
  height: 2,
  encoding: 'rgb8' as const,
}
const manifest: DatasetManifest = {
  format: 'gauntlet-dataset-3',
  dataset: 'test',
  sha256: 'a'.repeat(64),
  classes: 2,
  classNames: ['cat', 'dog'],
  resolution: 8,
  splitSeed: 42,
  images: { digest: 'c'.repeat(64), length: 12 },
  duplicatesDropped: { train: 0, validation: 0 },
  splits: { train: [image], validation: [image], test: [image] },
}
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

describe('a manifest', () => {
  it('is read as it was written', () => {
    expect(parseManifest(encodeManifest(manifest))).toEqual(manifest)
  })

  it('has the same bytes whatever the order of its keys', () => {
    const reversed = Object.fromEntries(Object.entries(manifest).toReversed()) as DatasetManifest
    expect(encodeManifest(reversed)).toEqual(encodeManifest(manifest))
  })

  it.each([
    ['not JSON', new TextEncoder().encode('{'), 'not JSON'],
    ['another format', encode({ ...manifest, format: 'other' }), 'at format'],
    ['an unknown key', encode({ ...manifest, extra: 1 }), 'its root'],
    [
      'a label that is not a class',
      encode({ ...manifest, splits: { ...manifest.splits, test: [{ ...image, label: 2 }] } }),
      'label 2',
    ],
    [
      'an image beyond the packed file',
      encode({ ...manifest, splits: { ...manifest.splits, test: [{ ...image, offset: 1 }] } }),
      'beyond',
    ],
    [
      'corrupted copies that are fewer than the test images',
      encode({ ...manifest, splits: { ...manifest.splits, testCommon: [] } }),
      'testCommon are not those of test',
    ],
    [
      'corrupted copies with other labels than the test images',
      encode({ ...manifest, splits: { ...manifest.splits, testCommon: [{ ...image, label: 0 }] } }),
      'testCommon are not those of test',
    ],
    [
      'a negative offset',
      encode({ ...manifest, splits: { ...manifest.splits, test: [{ ...image, offset: -1 }] } }),
      'splits.test.0.offset',
    ],
  ])('with %s is refused', (_, bytes, message) => {
    expect(() => parseManifest(bytes)).toThrow(InvalidDataset)
    expect(() => parseManifest(bytes)).toThrow(message)
  })
})
