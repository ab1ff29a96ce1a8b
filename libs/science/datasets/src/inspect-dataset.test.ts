import { uniform } from '@gauntlet/engine/random'
import sharp from 'sharp'
import { expect, it } from 'vitest'
import { decodeImage } from './images/decode-image.ts'
import { classesOf, folderOf, pngOf, type Contents } from './image-folder.fixture.ts'
import { inspectDataset } from './inspect-dataset.ts'

const settings = { id: 'own', splitSeed: 42, trainImages: null, validationImages: null, testImages: null }
const inspected = (contents: Contents) => inspectDataset(folderOf(contents), settings)

/** A picture of soft blobs, which differ from seed to seed. */
async function blobs(seed: number, side = 64): Promise<Buffer> {
  const points = Uint8Array.from(uniform({ seed, purpose: 'blobs' }, 5 * 5 * 3), (value) => value * 255)
  const small = sharp(points, { raw: { width: 5, height: 5, channels: 3 } })
  return small.resize(side, side, { kernel: 'cubic' }).png().toBuffer()
}

it('counts every class in every split, and names the classes that are missing in one', async () => {
  const report = await inspected({ ...classesOf(['a', 'b'], 20), 'c/1.png': 9999, 'c/2.png': 9998 })
  expect(report).toMatchObject({
    format: 'a folder for each class',
    splitsAre: 'drawn',
    images: 42,
    encodings: { png: 42 },
  })
  expect(report.classes.map(({ name, train, validation, test }) => [name, train + validation + test])).toEqual([
    ['a', 20],
    ['b', 20],
    ['c', 2],
  ])
  expect(report.remarks.some((remark) => /1 of 3 classes have no image in \w+: c\./.test(remark))).toBe(true)
  expect(report.sizes).toEqual(['4 × 4', '4 × 4', '4 × 4'])
})

it('lists the images that cannot be read, and goes on', async () => {
  const png = pngOf(5)
  const broken = { 'a/empty.jpg': '', 'a/cut.png': png.subarray(0, png.length - 20) }
  const report = await inspected({ ...classesOf(['a', 'b'], 20), ...broken })
  expect(report.unreadable.map(({ name }) => name)).toEqual(['a/empty.jpg', 'a/cut.png'])
})

it('lists an image with more pixels than a study takes, in a split or not', async () => {
  const [side, start] = [9000, 62]
  const bmp = new Uint8Array(start + Math.ceil(side / 32) * 4 * side)
  const view = new DataView(bmp.buffer)
  bmp.set([0x42, 0x4d])
  for (const [at, value] of Object.entries({ 10: start, 14: 40, 18: side, 22: side }))
    view.setUint32(Number(at), value, true)
  view.setUint16(28, 1, true)
  const folder = folderOf({ ...classesOf(['a', 'b'], 20), 'a/large.bmp': bmp })
  for (const trainImages of [null, 2])
    expect((await inspectDataset(folder, { ...settings, trainImages })).unreadable).toEqual([
      { name: 'a/large.bmp', wrong: 'has 9000 × 9000 pixels, more than 67108864' },
    ])
  await expect(decodeImage(bmp, { encoding: 'bmp', width: side, height: side })).rejects.toThrow('9000 × 9000 pixels')
  await expect(decodeImage(bmp, { encoding: 'bmp', width: 4, height: 4 })).rejects.toThrow('too large')
})

it('reports the same bytes in two splits and under two labels', async () => {
  const splits = {
    ...classesOf(['a', 'b'], 4, 'train/'),
    ...classesOf(['a', 'b'], 4, 'val/', 100),
    ...classesOf(['a', 'b'], 4, 'test/', 200),
  }
  const report = await inspected({ ...splits, 'train/a/copy.png': 200, 'train/a/wrong.png': 1000 })
  expect(report.duplicatesDropped).toEqual({ train: 1, validation: 0 })
  expect(report.contradictions).toEqual([['train/a/wrong.png', 'train/b/0.png']])
})

it('finds copies that were scaled, compressed or brightened a little, and takes other images for no copies', async () => {
  const contents: Record<string, Uint8Array> = {}
  for (let i = 0; i < 30; i++) {
    for (const [split, seed] of [
      ['train', i],
      ['val', 100 + i],
      ['test', 200 + i],
    ] as const)
      contents[`${split}/${i % 2 ? 'a' : 'b'}/${i}.png`] = await blobs(seed)
  }
  const original = sharp(await blobs(200))
  contents['train/b/jpeg.jpg'] = await original.clone().jpeg({ quality: 60 }).toBuffer()
  contents['train/a/small.png'] = await original.clone().resize(40, 40).png().toBuffer()
  contents['val/b/bright.png'] = await sharp(await blobs(3))
    .linear(1, 2)
    .png()
    .toBuffer()
  const { alike } = await inspected(contents)
  expect(alike.map(({ splits, names, sameLabel }) => [...splits, ...names, sameLabel].join(' ')).toSorted()).toEqual([
    'train test train/a/small.png test/b/0.png false',
    'train test train/b/jpeg.jpg test/b/0.png true',
    'train validation train/a/3.png val/b/bright.png false',
  ])
})
