import type { ForwardProbe } from '@gauntlet/contract'
import { readSafetensors, writeSafetensors, type NamedArray } from '@gauntlet/weights'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backbone, imagesArray, side, weightsWith, withPixel } from './probe-inputs.fixture.ts'
import { probeForward } from './forward.ts'

const classes = 4
const count = 3

const folder = mkdtempSync(join(tmpdir(), 'gauntlet-probe-'))
const request: ForwardProbe = {
  verb: 'forward',
  backbone,
  weights: join(folder, 'weights.safetensors'),
  inputs: join(folder, 'inputs.safetensors'),
  out: join(folder, 'out.safetensors'),
  classes: null,
  contract: 'native',
  gradients: true,
}

beforeAll(() => writeFileSync(request.weights, writeSafetensors(weightsWith(classes))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the forward probe', () => {
  it('writes logits and the gradient of the mean cross-entropy in the shape of the images', async () => {
    const { logits, input_gradient: gradient } = await probe()
    expect(logits!.shape).toEqual([count, classes])
    expect(gradient!.shape).toEqual([count, side, side, 3])
    expect((gradient!.data as Float32Array).some((value) => value !== 0)).toBe(true)
  })

  it('gives the gradient that finite differences of the mean cross-entropy give', async () => {
    const pixels = imagesArray()
    const { input_gradient: gradient } = await probe({}, [pixels, labelsArray()])
    const g = gradient!.data as Float32Array
    const squares = g.reduce((sum, value) => sum + value * value, 0)
    const step = 3e-4 / Math.sqrt(squares)
    const moved = (sign: number) => ({
      ...pixels,
      data: (pixels.data as Float32Array).map((x, i) => x + sign * step * g[i]!),
    })
    const [above, below] = [await meanLoss(moved(1)), await meanLoss(moved(-1))]
    expect((above - below) / (2 * step * squares)).toBeCloseTo(1, 1)
  })

  it('gives an image the same logits among others as alone', async () => {
    const { logits: together } = await probe()
    const first = {
      ...imagesArray(),
      shape: [1, side, side, 3],
      data: (imagesArray().data as Float32Array).slice(0, side * side * 3),
    }
    const { logits: alone } = await probe({}, [first, { ...labelsArray(), shape: [1], data: Int32Array.of(0) }])
    expect(Array.from(alone!.data as Float32Array)).toEqual(
      Array.from((together!.data as Float32Array).subarray(0, classes), (value) => expect.closeTo(value, 4)),
    )
  })

  it('feeds images as they are under `none`, and normalises them under the others', async () => {
    const normalised = (imagesArray().data as Float32Array).map(
      (x, i) => (x - [0.485, 0.456, 0.406][i % 3]!) / [0.229, 0.224, 0.225][i % 3]!,
    )
    const { logits: none } = await probe({ contract: 'none' }, [{ ...imagesArray(), data: normalised }, labelsArray()])
    const { logits: native } = await probe()
    ;(none!.data as Float32Array).forEach((value, i) =>
      expect(value).toBeCloseTo((native!.data as Float32Array)[i]!, 3),
    )
  })

  it('takes labels as PyTorch has them', async () => {
    const { data, ...labels } = labelsArray()
    const wide: NamedArray = { ...labels, dtype: 'int64', data: BigInt64Array.from(data as Int32Array, BigInt) }
    expect(await probe({}, [imagesArray(), wide])).toEqual(await probe())
  })

  it('writes logits alone without --gradients', async () => {
    expect(Object.keys(await probe({ gradients: false }))).toEqual(['logits'])
  })
})

describe('the forward probe refuses in one sentence and writes nothing where', () => {
  const images = imagesArray()
  const labels = labelsArray()
  it.each<[string, Partial<ForwardProbe>, NamedArray[], RegExp]>([
    [
      'a label is no class',
      {},
      [images, { ...labels, data: Int32Array.of(0, 4, 1) }],
      /label 1 is 4; with 4 classes give 0 to 3/,
    ],
    ['a label is negative', {}, [images, { ...labels, data: Int32Array.of(0, -1, 1) }], /label 1 is -1/],
    [
      'labels are too few',
      {},
      [images, { ...labels, shape: [2], data: Int32Array.of(0, 1) }],
      /labels have the shape \[2\] for 3 images/,
    ],
    ['labels are missing', {}, [images], /no tensor called labels/],
    [
      'labels are floats',
      {},
      [images, { ...labels, dtype: 'float32', data: new Float32Array(3) }],
      /labels are float32; give int32 or int64/,
    ],
    [
      'a pixel is above 1',
      {},
      [withPixel(imagesArray(), 5, 1.5), labels],
      /element 5 of images is 1.5; give pixels in \[0, 1\]/,
    ],
    ['a pixel is not a number', {}, [withPixel(imagesArray(), 7, NaN), labels], /element 7 of images is NaN/],
    [
      'a pixel is not a number, under none',
      { contract: 'none' },
      [withPixel(imagesArray(), 7, NaN), labels],
      /element 7 of images is NaN/,
    ],
    [
      'there are no images',
      {},
      [{ ...images, shape: [0, side, side, 3], data: new Float32Array() }, labels],
      /give at least one/,
    ],
    [
      'images are channels-first',
      {},
      [{ ...images, shape: [count, 3, side, side] }, labels],
      /give \[n, height, width, 3\]/,
    ],
    [
      'images are bytes',
      {},
      [{ ...images, dtype: 'uint8', data: new Uint8Array(images.data.length) }, labels],
      /images are uint8/,
    ],
    [
      'images are too small',
      {},
      [sized(16), labels],
      /efficientnet_lite0.ra_in1k computes with 32 × 32 pixels or more, not with 16 × 16/,
    ],
    ['the head has other classes', { classes: 7 }, [images, labels], /head tells 4 classes apart, not 7/],
    ['the backbone is unknown', { backbone: 'resnet5000' }, [images, labels], /no backbone "resnet5000"/],
    ['the weights are not there', { weights: '/nowhere.safetensors' }, [images, labels], /there is no such file/],
    [
      'the result has no place',
      { out: '/nowhere/out.safetensors' },
      [images, labels],
      /Nothing can be written to \/nowhere/,
    ],
  ])('%s', async (_, changes, arrays, message) => {
    rmSync(request.out, { force: true })
    await expect(probe(changes, arrays)).rejects.toThrow(message)
    expect(readdirSync(folder).sort()).toEqual(['inputs.safetensors', 'weights.safetensors'])
  })
})

async function probe(
  changes: Partial<ForwardProbe> = {},
  arrays: NamedArray[] = [imagesArray(), labelsArray()],
): Promise<Record<string, NamedArray>> {
  writeFileSync(request.inputs, writeSafetensors(arrays))
  await probeForward({ ...request, ...changes }, () => undefined)
  return Object.fromEntries(readSafetensors(readFileSync(request.out)).arrays.map((array) => [array.name, array]))
}

async function meanLoss(images: NamedArray): Promise<number> {
  const { logits } = await probe({ gradients: false }, [images, labelsArray()])
  const rows = Array.from({ length: count }, (_, i) =>
    Array.from((logits!.data as Float32Array).subarray(i * classes, (i + 1) * classes)),
  )
  const losses = rows.map((row, i) => Math.log(row.reduce((sum, z) => sum + Math.exp(z - row[i]!), 0)))
  return losses.reduce((sum, loss) => sum + loss, 0) / count
}

function sized(small: number): NamedArray {
  return {
    name: 'images',
    dtype: 'float32',
    shape: [count, small, small, 3],
    data: new Float32Array(count * small * small * 3),
  }
}

function labelsArray(): NamedArray {
  return { name: 'labels', dtype: 'int32', shape: [count], data: Int32Array.of(0, 1, 2) }
}
