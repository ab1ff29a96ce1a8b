import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { temporaryFolder } from '@gauntlet/files'
import {
  existsSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bundledDatasets } from './bundled-datasets.fixture.ts'

/*
 * Threads read batches with the code that bundles hold for them. What they read must be what the reader itself reads,
 * bit for bit, whatever the cache of decoded images has.
 */

const source = fileURLToPath(new URL('../../../../test/parity/datasets/tiny_processed.tar.zst', import.meta.url))
const augmentation = { horizontalFlip: true, colorJitter: 0.25, rotationDegrees: 10 }
const indices = [[0, 5, 3], [1], [11, 2], [7, 8, 9, 10], [4, 6]]
type Room = Awaited<ReturnType<typeof bundledDatasets>>

let room: Room
let folder: string
let opening: Parameters<Room['openDataset']>[0]
beforeAll(async () => {
  room = await bundledDatasets()
  folder = temporaryFolder('gauntlet-read-threads-')
  const all = { trainImages: null, validationImages: null, testImages: null }
  const specification = { id: 'tiny', source: 'x', sha256: 'a'.repeat(64), classes: 3, resolution: 16, splitSeed: 42 }
  const { manifest, imagesFile } = await room.packDataset({ ...specification, ...all }, source, join(folder, 'images'))
  opening = { manifest, images: imagesFile }
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true }))

async function batchesBy(threads: number, changes: Partial<typeof opening> = {}) {
  const reader = room.openDataset({ ...opening, ...changes })
  const reads = room.openReadThreads(reader, Math.max(threads, 1))
  const batches = [0, 1].map((epoch) =>
    Promise.all(
      indices.map((chosen) => {
        const request = [chosen, augmentation, { seed: 1, epoch }] as const
        return threads === 0 ? room.readAugmented(reader, ...request) : reads.readAugmented(...request)
      }),
    ),
  )
  const read = (await Promise.all(batches)).flat()
  await Promise.all([reads.close(), reader.close()])
  return read
}

it('threads read the batches that the reader reads', async () => {
  const expected = await batchesBy(0)
  expect(expected).toHaveLength(10)
  for (const threads of [1, 3]) expect(await batchesBy(threads)).toEqual(expected)
})

it('the cache gives the same batches, empty, filled, cut off in the middle or damaged', async () => {
  const expected = await batchesBy(0)
  const decodedFolder = emptyFolder()
  expect(await batchesBy(2, { decodedFolder })).toEqual(expected) // fills it
  const [name] = readdirSync(decodedFolder)
  const path = join(decodedFolder, name!)
  const whole = readFileSync(path)
  expect(await batchesBy(0, { decodedFolder })).toEqual(expected)
  truncateSync(path, Math.floor(whole.length / 3))
  expect(await batchesBy(0, { decodedFolder })).toEqual(expected)
  expect(readFileSync(path)).toEqual(whole)
  writeFileSync(
    path,
    whole.map((byte, i) => (i % 97 === 0 ? byte ^ 4 : byte)),
  )
  expect(await batchesBy(2, { decodedFolder })).toEqual(expected)
  expect(readFileSync(path)).toEqual(whole)
})

it('the cache spares decoding: it is read where the images are gone', async () => {
  const decodedFolder = emptyFolder()
  const expected = await batchesBy(0, { decodedFolder })
  expect(await batchesBy(1, { decodedFolder, images: join(decodedFolder, 'gone') })).toEqual(expected)
})

it('a folder that cannot be written keeps nothing, and does no harm', async () => {
  const file = join(emptyFolder(), 'file')
  writeFileSync(file, '')
  expect(await batchesBy(1, { decodedFolder: join(file, 'decoded') })).toEqual(await batchesBy(0))
})

it('a full disk keeps nothing, and does no harm', async () => {
  const [filled, full] = [emptyFolder(), emptyFolder()]
  const expected = await batchesBy(0, { decodedFolder: filled })
  symlinkSync('/dev/full', join(full, readdirSync(filled)[0]!)) // it reads as zeros, and has no room for a byte
  for (const threads of [0, 2]) expect(await batchesBy(threads, { decodedFolder: full })).toEqual(expected)
})

it('the cache of another dataset that was not used for a month goes when one is made', async () => {
  const decodedFolder = emptyFolder()
  const [unused, used] = [join(decodedFolder, 'unused'), join(decodedFolder, 'used')]
  for (const file of [unused, used]) writeFileSync(file, '')
  const longAgo = new Date(Date.now() - 31 * 86_400_000)
  utimesSync(unused, longAgo, longAgo)
  await batchesBy(0, { decodedFolder })
  expect([existsSync(unused), existsSync(used)]).toEqual([false, true])
  const [name] = readdirSync(decodedFolder)
  utimesSync(join(decodedFolder, name!), longAgo, longAgo)
  await batchesBy(0, { decodedFolder })
  expect(statSync(join(decodedFolder, name!)).mtime.getTime()).toBeGreaterThan(longAgo.getTime())
})

it('an image that cannot be read fails its batch, by the error of the room', async () => {
  const damaged = readFileSync(opening.images as string).map((byte) => byte ^ 1)
  const images = join(emptyFolder(), 'images')
  writeFileSync(images, damaged)
  await expect(batchesBy(1, { images })).rejects.toMatchObject({ name: 'InvalidDataset' })
})
