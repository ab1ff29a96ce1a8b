import type { CorruptProbe } from '@gauntlet/contract'
import { uniform } from '@gauntlet/engine/random'
import { corruptionNames } from '@gauntlet/study'
import { readSafetensors, writeSafetensors, type NamedArray } from '@gauntlet/weights'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { withPixel } from './probe-inputs.fixture.ts'
import { probeCorrupt } from './corrupt.ts'

const [count, height, width] = [3, 21, 34]
const size = height * width * 3
const folder = mkdtempSync(join(tmpdir(), 'gauntlet-probe-corrupt-'))
const request: CorruptProbe = {
  verb: 'corrupt',
  inputs: join(folder, 'inputs.safetensors'),
  out: join(folder, 'out.safetensors'),
  corruption: 'snow',
  severity: 3,
  seed: 1,
}
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function probe(
  changes: Partial<CorruptProbe> = {},
  arrays: NamedArray[] = [imagesArray()],
): Promise<NamedArray[]> {
  writeFileSync(request.inputs, writeSafetensors(arrays))
  await probeCorrupt({ ...request, ...changes }, () => undefined)
  return readSafetensors(readFileSync(request.out)).arrays
}

async function pixelsOf(changes: Partial<CorruptProbe> = {}, images?: NamedArray): Promise<Float32Array> {
  const [result] = await probe(changes, images && [images])
  return result!.data as Float32Array
}

describe('the corrupt probe', () => {
  it.each(corruptionNames)(
    'writes changed images of the same name and shape in whole levels: %s',
    async (corruption) => {
      const [images] = await probe({ corruption })
      expect(images).toMatchObject({ name: 'images', dtype: 'float32', shape: [count, height, width, 3] })
      const pixels = images!.data as Float32Array
      expect(
        pixels.every((value) => Math.fround(Math.round(value * 255) / 255) === value && value >= 0 && value <= 1),
      ).toBe(true)
      expect(pixels).not.toEqual(imagesArray().data)
    },
  )

  it('corrupts an image alone as among others, whatever its place', async () => {
    const together = await pixelsOf()
    const { data } = imagesArray()
    for (const i of [2, 0]) {
      const alone = {
        ...imagesArray(),
        shape: [1, height, width, 3],
        data: (data as Float32Array).slice(i * size, (i + 1) * size),
      }
      expect(await pixelsOf({}, alone)).toEqual(together.slice(i * size, (i + 1) * size))
    }
  })

  it('gives the same bytes for the same seed, others for another seed, and other draws to each image', async () => {
    const flat = {
      ...imagesArray(),
      data: Float32Array.from({ length: count * size }, (_, i) => Math.fround((100 + Math.floor(i / size)) / 255)),
    }
    const noise = { corruption: 'impulse_noise' }
    const first = await pixelsOf(noise, flat)
    expect(await pixelsOf(noise, flat)).toEqual(first)
    expect(await pixelsOf({ ...noise, seed: 2 }, flat)).not.toEqual(first)
    const hits = [0, 1].map((i) =>
      [...first.subarray(i * size, (i + 1) * size)].map((value) => value === 0 || value === 1),
    )
    expect(hits[0]).not.toEqual(hits[1])
  })

  it('counts a pixel between two levels as the nearer one', async () => {
    const moved = {
      ...imagesArray(),
      data: (imagesArray().data as Float32Array).map((value) => Math.min(value + 0.4 / 255, 1)),
    }
    expect(await pixelsOf({}, moved)).toEqual(await pixelsOf())
  })

  it('copies the labels', async () => {
    const labels: NamedArray = { name: 'labels', dtype: 'int32', shape: [count], data: Int32Array.of(2, 0, 1) }
    expect((await probe({}, [imagesArray(), labels])).find(({ name }) => name === 'labels')).toEqual(labels)
  })
})

describe('the corrupt probe refuses in one sentence and writes nothing where', () => {
  it.each<[string, Partial<CorruptProbe>, NamedArray[], RegExp]>([
    [
      'the corruption is unknown',
      { corruption: 'fog' },
      [imagesArray()],
      /no corruption "fog"; take one of shot_noise/,
    ],
    ['the severity is none', { severity: 6 }, [imagesArray()], /no severity 6; take an integer from 1 to 5/],
    [
      'a pixel is above 1',
      {},
      [withPixel(imagesArray(), 5, 1.5)],
      /element 5 of images is 1.5; give pixels in \[0, 1\]/,
    ],
    ['a pixel is negative', {}, [withPixel(imagesArray(), 5, -0.25)], /element 5 of images is -0.25/],
    ['a pixel is not a number', {}, [withPixel(imagesArray(), 7, Number.NaN)], /element 7 of images is NaN/],
    [
      'there are no images',
      {},
      [{ ...imagesArray(), shape: [0, height, width, 3], data: new Float32Array() }],
      /give at least one/,
    ],
    [
      'images are channels-first',
      {},
      [{ ...imagesArray(), shape: [count, 3, height, width] }],
      /give \[n, height, width, 3\]/,
    ],
    [
      'images are bytes',
      {},
      [{ ...imagesArray(), dtype: 'uint8', data: new Uint8Array(count * size) }],
      /images are uint8/,
    ],
    ['images are called otherwise', {}, [{ ...imagesArray(), name: 'x' }], /no tensor called images/],
    ['the inputs are not there', { inputs: '/nowhere.safetensors' }, [imagesArray()], /there is no such file/],
    [
      'the result has no place',
      { out: '/nowhere/out.safetensors' },
      [imagesArray()],
      /Nothing can be written to \/nowhere/,
    ],
  ])('%s', async (_, changes, arrays, message) => {
    rmSync(request.out, { force: true })
    await expect(probe(changes, arrays)).rejects.toThrow(message)
    expect(readdirSync(folder)).toEqual(['inputs.safetensors'])
  })
})

/** Images in whole levels. */
function imagesArray(): NamedArray {
  const data = uniform({ seed: 1, purpose: 'images' }, count * size).map((u) => Math.round(40 + 160 * u) / 255)
  return { name: 'images', dtype: 'float32', shape: [count, height, width, 3], data }
}
