import type { AttackProbe, AttackReport } from '@gauntlet/contract'
import { readSafetensors, writeSafetensors, type NamedArray } from '@gauntlet/weights'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backbone, imagesArray, side, weightsWith, withPixel } from './probe-inputs.fixture.ts'
import { probeAttack } from './attack.ts'
import { probeForward } from './forward.ts'

const classes = 4
const count = 3

const folder = mkdtempSync(join(tmpdir(), 'gauntlet-probe-attack-'))
const request: AttackProbe = {
  verb: 'attack',
  backbone,
  weights: join(folder, 'weights.safetensors'),
  inputs: join(folder, 'inputs.safetensors'),
  out: join(folder, 'out.safetensors'),
  sheet: null,
  classes: null,
  contract: 'native',
  norm: 'Linf',
  epsilon: 0.2,
  evaluator: 'apgd-ce',
  escalate: false,
  seed: 1,
}
let predictions: number[]

beforeAll(async () => {
  writeFileSync(request.weights, writeSafetensors(weightsWith(classes)))
  predictions = await predictionsOf([imagesArray(), labelsOf([0, 0, 0])])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the attack probe', () => {
  it('reports which images hold, and writes images within the ball that the model misclassifies where they fell', async () => {
    const labels = predictions.with(1, (predictions[1]! + 1) % classes) // the second is wrong unperturbed
    const report = await probe({}, [imagesArray(), labelsOf(labels)])
    expect(report).toMatchObject({
      n: count,
      clean_correct: [true, false, true],
      felled_by: [expect.anything(), 'clean', expect.anything()],
    })
    expect(report.robust).toEqual(report.felled_by.map((name) => name === null))
    expect(report.forwards).toBeGreaterThan(count)
    const { images, labels: handedOn } = written()
    const [before, after] = [imagesArray().data as Float32Array, images!.data as Float32Array]
    after.forEach((value, i) => expect(Math.abs(value - before[i]!)).toBeLessThan(request.epsilon + 1e-6))
    const size = before.length / count
    expect(after.slice(size, 2 * size)).toEqual(before.slice(size, 2 * size))
    const seen = await predictionsOf([images!, handedOn!])
    expect(seen.map((prediction, i) => prediction === labels[i])).toEqual(report.robust)
    report.distance.forEach((distance) => expect(distance).toBeLessThan(request.epsilon + 1e-6))
  })

  it('draws a sheet of clean, attacked and corrupted images on request', async () => {
    const sheet = join(folder, 'sheet.png')
    await probe({ sheet, out: null }, [imagesArray(), labelsOf(predictions)])
    const bytes = readFileSync(sheet)
    const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
    expect([width, height]).toEqual([8 + 4 * 144, 8 + count * (136 + 28 + 8)])
    const rows = inflateSync(bytes.subarray(bytes.indexOf('IDAT') + 4))
    expect(rows).toHaveLength(height * (3 * width + 1))
    const rowOf = (y: number) => rows.subarray(y * (3 * width + 1) + 1, (y + 1) * (3 * width + 1))
    /** A row holds differences from the pixel on the left. */
    const colourAt = (x: number, y: number) =>
      [0, 1, 2].map(
        (channel) =>
          rowOf(y).reduce((sum, step, i) => (i % 3 === channel && i < 3 * x + 3 ? sum + step : sum), 0) & 255,
      )
    const levels = Array.from((imagesArray().data as Float32Array).slice(0, 3), (value) => Math.round(value * 255))
    expect(colourAt(8, 8)).toEqual(levels)
    expect(colourAt(0, 0)).toEqual([255, 255, 255])
  })

  it('attacks nothing where every image is wrong unperturbed', async () => {
    const labels = predictions.map((prediction) => (prediction + 1) % classes)
    const report = await probe({ evaluator: 'standard' }, [imagesArray(), labelsOf(labels)])
    expect(report).toMatchObject({ n: count, clean_correct: [false, false, false], robust: [false, false, false] })
    expect(report).toMatchObject({ felled_by: ['clean', 'clean', 'clean'], distance: [0, 0, 0] })
    expect(written().images!.data).toEqual(imagesArray().data)
  })

  it('runs the attacks that two classes allow, and flags those it left out', async () => {
    const two = join(folder, 'two.safetensors')
    writeFileSync(two, writeSafetensors(weightsWith(2)))
    const report = await probe({ weights: two, evaluator: 'apgd-ce+t' }, [imagesArray(), labelsOf([0, 1, 0])])
    expect(report.flags).toContainEqual({ name: 'few-classes', value: 1, limit: 0, policy: 'mark' })
    expect(report.felled_by.every((cause) => [null, 'clean', 'apgd-ce'].includes(cause))).toBe(true)
  })

  it('runs further attacks on the images that held where its flags ask for it and escalation is on', async () => {
    const dead = join(folder, 'dead.safetensors')
    const inputs = [imagesArray(), labelsOf(await deadWeights(dead))]
    const settings = { weights: dead, evaluator: 'apgd-ce+t', epsilon: 1, out: null } as const
    const [before, after] = [await probe(settings, inputs), await probe({ ...settings, escalate: true }, inputs)]
    expect(before.flags).toContainEqual({ name: 'zero-gradient', value: 1, limit: 0, policy: 'escalate' })
    expect(before).toMatchObject({ robust: [true, true, true] })
    expect(before.escalation).toBeUndefined()
    expect(after.escalation).toEqual({ attacks: ['escalated-square'], attacked: count, felled: count })
    expect(after.felled_by).toEqual(Array.from({ length: count }, () => 'escalated-square'))
    // No image held, so the flag has nothing to refuse and only marks.
    expect(after.flags).toContainEqual({ name: 'unsettled', value: 1, limit: 0.002, policy: 'mark' })
  })

  it('gives the clean verdicts in a ball of radius 0', async () => {
    const labels = predictions.with(1, (predictions[1]! + 1) % classes)
    const report = await probe({ epsilon: 0, evaluator: 'standard' }, [imagesArray(), labelsOf(labels)])
    expect(report).toMatchObject({
      robust: [true, false, true],
      clean_correct: [true, false, true],
      distance: [0, 0, 0],
    })
    expect(written().images!.data).toEqual(imagesArray().data)
  })
})

describe('the attack probe refuses in one sentence and writes nothing where', () => {
  const images = imagesArray()
  it.each<[string, Partial<AttackProbe>, () => NamedArray[], RegExp]>([
    [
      'the radius is negative',
      { epsilon: -1 },
      () => [images, labelsOf([0, 1, 2])],
      /radius is -1; give a number of at least 0/,
    ],
    [
      'the radius is not a number',
      { epsilon: NaN },
      () => [images, labelsOf([0, 1, 2])],
      /radius is NaN; give a number/,
    ],
    [
      'the radius is infinite',
      { epsilon: Infinity },
      () => [images, labelsOf([0, 1, 2])],
      /radius is Infinity; give a number/,
    ],
    [
      'a Linf radius is in pixel levels',
      { norm: 'Linf', epsilon: 8 },
      () => [images, labelsOf([0, 1, 2])],
      /radius of 8 allows anything.*\(8\/255\?\)/,
    ],
    [
      'an L1 ball has every image in it',
      { norm: 'L1', epsilon: 3 * side ** 2 },
      () => [images, labelsOf([0, 1, 2])],
      /L1 radius of \d+ allows anything/,
    ],
    ['a label is negative', {}, () => [images, labelsOf([0, 1, -1])], /label 2 is -1; with 4 classes give 0 to 3/],
    [
      'there are fewer labels than images',
      {},
      () => [images, labelsOf([0, 1])],
      /labels have the shape \[2\] for 3 images/,
    ],
    [
      'a pixel is below 0',
      {},
      () => [withPixel(imagesArray(), 3, -0.25), labelsOf([0, 1, 2])],
      /element 3 of images is -0.25; give pixels/,
    ],
    [
      'a pixel is infinite',
      {},
      () => [withPixel(imagesArray(), 9, Infinity), labelsOf([0, 1, 2])],
      /element 9 of images is Infinity/,
    ],
    ['a label is no class', {}, () => [images, labelsOf([0, 4, 1])], /label 1 is 4; with 4 classes give 0 to 3/],
    [
      'a pixel is above 1',
      { contract: 'none' },
      () => [withPixel(imagesArray(), 5, 1.5), labelsOf([0, 1, 2])],
      /element 5 of images is 1.5; give pixels in \[0, 1\]/,
    ],
    [
      'a pixel is not a number',
      {},
      () => [withPixel(imagesArray(), 7, NaN), labelsOf([0, 1, 2])],
      /element 7 of images is NaN/,
    ],
    [
      'there are no images',
      {},
      () => [{ ...images, shape: [0, side, side, 3], data: new Float32Array() }, labelsOf([])],
      /give at least one/,
    ],
    [
      'the result has no place',
      { out: '/nowhere/out.safetensors' },
      () => [images, labelsOf([0, 1, 2])],
      /Nothing can be written to \/nowhere/,
    ],
  ])('%s', async (_, changes, arrays, message) => {
    rmSync(request.out!, { force: true })
    await expect(probe(changes, arrays())).rejects.toThrow(message)
    expect(readdirSync(folder).filter((name) => name.startsWith('out'))).toEqual([])
  })

  it('the model has weights that are not numbers', async () => {
    const broken = join(folder, 'broken.safetensors')
    const [first, ...rest] = weightsWith(classes)
    const data = (first!.data as Float32Array).map(() => NaN)
    writeFileSync(broken, writeSafetensors([{ ...first!, data } as NamedArray, ...rest]))
    rmSync(request.out!, { force: true })
    await expect(probe({ weights: broken }, [images, labelsOf([0, 1, 2])])).rejects.toThrow(/not finite/)
    expect(readdirSync(folder)).not.toContain('out.safetensors')
  })

  it('the model has one class', async () => {
    const one = join(folder, 'one.safetensors')
    writeFileSync(one, writeSafetensors(weightsWith(1)))
    await expect(probe({ weights: one }, [images, labelsOf([0, 0, 0])])).rejects.toThrow(
      /one class.*give two classes or more/,
    )
  })
})

async function probe(changes: Partial<AttackProbe>, arrays: NamedArray[]): Promise<AttackReport> {
  writeFileSync(request.inputs, writeSafetensors(arrays))
  return JSON.parse(await probeAttack({ ...request, ...changes }, () => undefined)) as AttackReport
}

function written(): Record<string, NamedArray> {
  return Object.fromEntries(readSafetensors(readFileSync(request.out!)).arrays.map((array) => [array.name, array]))
}

async function predictionsOf(arrays: NamedArray[]): Promise<number[]> {
  const logits = await logitsOf({}, arrays)
  return Array.from({ length: count }, (_, i) => {
    const row = Array.from(logits.slice(i * classes, (i + 1) * classes))
    return row.indexOf(Math.max(...row))
  })
}

/** The logits, [images, classes]. */
async function logitsOf(changes: Partial<AttackProbe>, arrays: NamedArray[]): Promise<Float32Array> {
  const [inputs, out] = [join(folder, 'clean.safetensors'), join(folder, 'logits.safetensors')]
  writeFileSync(inputs, writeSafetensors(arrays))
  await probeForward({ ...request, ...changes, verb: 'forward', inputs, out, gradients: false }, () => undefined)
  return readSafetensors(readFileSync(out)).arrays[0]!.data as Float32Array
}

/**
 * Writes a model of two classes whose first layer is dead (no activation, no gradient) unless nine neighbouring pixels
 * are nearly white, as in the stripes that Square starts with. Without them the logits of both classes are nearly
 * equal; with them they differ. Gives the labels that the model predicts.
 */
async function deadWeights(file: string): Promise<number[]> {
  const stem: Record<string, (i: number) => number> = {
    'conv_stem.weight': (i) => (Math.floor(i / 9) % 3 === 0 ? 1 : 0), // red alone, of [32, 3, 3, 3]
    'bn1.weight': () => 5,
    'bn1.bias': () => -95,
    'bn1.running_mean': () => 0,
    'bn1.running_var': () => 1,
  }
  const arrays = weightsWith(2).map((array) => {
    const valueOf = stem[array.name]
    return valueOf ? { ...array, data: (array.data as Float32Array).map((_, i) => valueOf(i)) } : array
  }) as NamedArray[]
  const bias = arrays.find(({ name }) => name === 'classifier.bias')!.data as Float32Array
  bias.fill(0)
  writeFileSync(file, writeSafetensors(arrays))
  const [first, second] = await logitsOf({ weights: file }, [imagesArray(), labelsOf([0, 0, 0])])
  bias.set([second! + 1e-3, first!])
  writeFileSync(file, writeSafetensors(arrays))
  return [0, 0, 0]
}

function labelsOf(labels: number[]): NamedArray {
  return { name: 'labels', dtype: 'int32', shape: [labels.length], data: Int32Array.from(labels) }
}
