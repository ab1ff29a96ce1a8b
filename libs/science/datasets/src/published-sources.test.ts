import { closeSync, cpSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { expect, it } from 'vitest'
import type { DatasetSource } from './sources/dataset-source.ts'
import { decodeImage } from './images/decode-image.ts'
import { readSource } from './sources/read-source.ts'
import { largestFile, openFiles } from './sources/source-files.ts'

/**
 * Made by `test/parity/datasets/make_sources.py`: each image's red is four times its number, its green 40 times its
 * label.
 */
const made = (name: string) =>
  fileURLToPath(new URL(`../../../../test/parity/datasets/sources/${name}`, import.meta.url))

/** Label and number of every image of a split, in order, as the pixels say; the labels must be those of the source. */
async function contentOf(source: DatasetSource): Promise<Record<string, string>> {
  const found: Record<string, string[]> = {}
  const bytes = new Map<number, Uint8Array>()
  for await (const [position, stored] of source.images(new Set(source.entries.keys()))) bytes.set(position, stored)
  for (const [position, entry] of source.entries.entries()) {
    const { data } = await decodeImage(bytes.get(position)!, entry)
    expect(Math.round(data[1]! / 40), entry.name).toBe(entry.label)
    ;(found[String(entry.split)] ??= []).push(String(Math.round(data[0]! / 4)))
  }
  return Object.fromEntries(Object.entries(found).map(([split, numbers]) => [split, numbers.join(' ')]))
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i).join(' ')

const published: [name: string, file: string, classNames: string[], splits: Record<string, string>][] = [
  ['Oxford Flowers-102', 'flowers.zip', ['1', '2', '3'], { train: '7 1 4', validation: '2 5 8', test: '3 9 6' }],
  ['Oxford-IIIT Pet', 'pets.zip', ['Abyssinian', 'saint bernard'], { train: range(0, 40), test: range(40, 44) }],
  [
    'Stanford Cars',
    'cars.zip',
    ['AM General Hummer SUV 2000', 'Acura RL Sedan 2012'],
    { train: range(0, 20), test: range(50, 54) },
  ],
  [
    'FGVC-Aircraft 2013b',
    'aircraft.tar.gz',
    ['707-320', 'A340-300', 'Falcon 2000'],
    { train: '1 2 3', validation: '4 5 6', test: '7 8 9' },
  ],
  [
    'Caltech-101',
    'caltech.zip',
    ['Faces', 'Faces_easy', 'accordion'],
    { null: `${range(11, 19)} ${range(21, 29)} ${range(31, 39)}` },
  ],
  [
    'a folder for each class',
    'merced.zip',
    ['agricultural', 'airplane', 'beach'],
    { null: `${range(0, 8)} ${range(10, 18)} ${range(20, 28)}` },
  ],
]

it.each(published)('%s is read as it is published, in its order', async (format, file, classNames, splits) => {
  const source = await readSource(made(file))
  expect([source.format, source.classNames, source.unreadable]).toEqual([format, classNames, []])
  expect(await contentOf(source)).toEqual(splits)
})

it.each(published)('%s is the same unpacked into a folder', async (_, file, classNames, splits) => {
  const folder = emptyFolder()
  for await (const { name, bytes } of (await openFiles(made(file)))!.files()) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), await bytes())
  }
  const source = await readSource(folder)
  expect(source.classNames).toEqual(classNames)
  expect(await contentOf(source)).toEqual(splits)
})

it.each(['snappy', 'zstd', 'gzip'])(
  'Parquet of the hub, compressed by %s, has images, labels and names',
  async (by) => {
    const source = await readSource(made(`beans-${by}.parquet`))
    expect(source.classNames).toEqual(['angular_leaf_spot', 'bean_rust', 'healthy'])
    expect(await contentOf(source)).toEqual({ null: range(0, 24) })
  },
)

it.each([
  ['data/test-00000-of-00001', 'data/train-00000-of-00001', 'data/validation-00000-of-00001'],
  ['test_0', 'train_0', 'val_0'],
  ['beans_test_00000_of_00001', 'beans_train_00000_of_00001', 'beans_valid_00000_of_00001'],
  ['test/train_test_0', 'train/train_test_0', 'val/train_test_0'],
])('Parquet files in a folder have their splits in their names: %s', async (...names) => {
  const folder = emptyFolder()
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    cpSync(made('beans-snappy.parquet'), join(folder, `${name}.parquet`))
  }
  const source = await readSource(folder)
  expect(source.entries.map(({ split }) => split)).toEqual([
    ...Array<string>(24).fill('test'),
    ...Array<string>(24).fill('train'),
    ...Array<string>(24).fill('validation'),
  ])
})

it('a Parquet file may have a decomposed name and more bytes than an image may', async () => {
  const path = join(emptyFolder(), 'bohne\u0301.parquet')
  const bytes = readFileSync(made('beans-snappy.parquet'))
  const footer = bytes.readUInt32LE(bytes.length - 8) + 8
  const file = openSync(path, 'w')
  writeSync(file, bytes.subarray(0, -footer), 0, null, 0)
  writeSync(file, bytes.subarray(-footer), 0, null, largestFile + 1)
  closeSync(file)
  expect((await readSource(dirname(path))).entries).toHaveLength(24)
})

/** The Parquet file of beans with other text of the same length instead of its names. */
function beansNaming(names: string): Uint8Array {
  const text = readFileSync(made('beans-snappy.parquet'), 'latin1')
  const own = '"names": ["angular_leaf_spot", "bean_rust", "healthy"]'
  return Buffer.from(text.replace(own, names.padEnd(own.length)), 'latin1')
}

it('Parquet files may number the same names in different ways', async () => {
  const folder = emptyFolder()
  cpSync(made('beans-snappy.parquet'), join(folder, 'test.parquet'))
  writeFileSync(join(folder, 'train.parquet'), beansNaming('"names": ["bean_rust", "healthy", "angular_leaf_spot"]'))
  const { classNames, entries } = await readSource(folder)
  expect(classNames).toEqual(['angular_leaf_spot', 'bean_rust', 'healthy'])
  const labels = (split: string) => entries.filter((entry) => entry.split === split).map(({ label }) => label)
  expect(labels('train')).toEqual(labels('test').map((label) => [1, 2, 0][label]!))
})

it.each([
  ['a file without names beside one that has them', '"other": []', 'no class that the files name'],
  ['fewer names than labels', '"names": ["angular_leaf_spot", "healthy"]', 'no class that the files name'],
  ['a name twice', '"names": ["healthy", "bean_rust", "healthy"]', 'names two classes alike'],
])('Parquet with %s is refused', async (_, names, message) => {
  const folder = emptyFolder()
  cpSync(made('beans-snappy.parquet'), join(folder, 'test.parquet'))
  writeFileSync(join(folder, 'train.parquet'), beansNaming(names))
  await expect(readSource(folder)).rejects.toThrow(message)
})
