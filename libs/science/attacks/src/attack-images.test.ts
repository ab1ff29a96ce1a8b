import { tf, type Tensor4D } from '@gauntlet/engine'
import { InvalidInput, digestOfBytes } from '@gauntlet/study'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attack, type AttackResult } from './attack-images.ts'
import type { AttackSettings } from './attack-input.ts'
import { ballOf } from './balls/balls.ts'
import { attacksOf, ensembleOf } from './ensemble/ensemble.ts'
import type { LogitsFunction } from './attack/loss.ts'
import { runEnsemble } from './ensemble/run-ensemble.ts'
import { someImages } from './testing/arbitraries.ts'
import { classes, imagesOf, rowsOf, tinyConvolution } from './testing/tiny-models.ts'

const fixed = fc.sample(someImages, { seed: 8, numRuns: 10 }).flat().slice(0, 8)
const predictedFor = (images: Tensor4D): number[] => tf.tidy(() => [...tinyConvolution(images).argMax(1).dataSync()])
/** The fixed images with the classes that the model predicts, but for one. */
const images = imagesOf(fixed.map(({ image }) => image))
const labels = predictedFor(images).map((label, i) => (i === 5 ? (label + 1) % classes : label))
const settings: AttackSettings = { norm: 'Linf', epsilon: 0.03, evaluator: 'apgd-ce' }

/** The result as plain numbers. */
async function attacked(...given: Parameters<typeof attack>): Promise<Omit<AttackResult, 'adversarial'>> {
  const { adversarial, ...rest } = await attack(...given)
  adversarial.dispose()
  return rest
}

describe.each([
  ['Linf', 0.03],
  ['L2', 0.2],
  ['L1', 0.6],
] as const)('attacking images in the %s ball', (norm, epsilon) => {
  it('gives adversarial images in ball and box, which are misclassified where an attack felled them', async () => {
    await fc.assert(
      fc.asyncProperty(someImages, fc.nat(9), async (some, seed) => {
        const clean = imagesOf(some.map(({ image }) => image))
        const truth = some.map(({ label }) => label)
        const result = await attack(tinyConvolution, clean, truth, { norm, epsilon, evaluator: 'apgd-ce', seed })
        const right = predictedFor(clean).map((prediction, i) => prediction === truth[i])
        expect(result.robustAccuracy).toBe(result.images.filter(({ held }) => held).length / some.length)
        expect(result.robustAccuracy).toBeLessThanOrEqual(right.filter(Boolean).length / some.length)
        const sizes = tf.tidy(() => ballOf(norm, epsilon).size(result.adversarial.sub(clean)).dataSync())
        const predictions = predictedFor(result.adversarial)
        const [before, after] = [rowsOf(clean), rowsOf(result.adversarial)]
        result.images.forEach(({ held, felledBy, prediction, distance }, i) => {
          expect(after[i]!.every((value) => value >= 0 && value <= 1)).toBe(true)
          expect(sizes[i]).toBeLessThanOrEqual(epsilon * (1 + 1e-5))
          expect(felledBy === 'clean').toBe(!right[i])
          if (held || felledBy === 'clean') return expect(after[i]).toEqual(before[i])
          expect([predictions[i], distance]).toEqual([prediction, expect.closeTo(sizes[i]!, 5)])
          expect(prediction).not.toBe(truth[i])
        })
        tf.dispose([clean, result.adversarial])
      }),
      { numRuns: 6 },
    )
  })
})

describe('attacking images', () => {
  it('gives what `runEnsemble` gives for the same images, keyed by the digests of their values', async () => {
    const ball = ballOf('Linf', 0.03)
    const digests = rowsOf(images).map((row) => digestOfBytes(new Uint8Array(row.buffer)))
    const verdicts = await runEnsemble({
      logits: tinyConvolution,
      ball,
      imageSet: { digests, labels, shape: [4, 4, 3], read: (rows) => tf.gather(images, [...rows]) },
      attacks: attacksOf(ensembleOf('apgd-ce', 'Linf', classes), ball),
      seed: 7,
      batchSize: 3,
    })
    const result = await attacked(tinyConvolution, images, labels, { ...settings, seed: 7 })
    expect(result.images).toEqual(
      verdicts.map(({ forwards: _forwards, backwards: _backwards, felledBy, ...verdict }) => ({
        ...verdict,
        felledBy: felledBy?.attack ?? null,
      })),
    )
    expect(new Set(result.images.map(({ felledBy }) => felledBy))).toEqual(new Set([null, 'clean', 'apgd-ce']))
  })

  it('gives an image the same result alone as among others', async () => {
    const together = await attacked(tinyConvolution, images, labels, settings)
    for (const row of [0, 5, 7]) {
      const one = images.slice([row], [1])
      const alone = await attacked(tinyConvolution, one, [labels[row]!], settings)
      expect(alone.images).toEqual([together.images[row]])
      one.dispose()
    }
  })

  it('takes labels as a tensor too, `standard` where no evaluator is given, and 0 where no seed is', async () => {
    const wide = { norm: 'Linf', epsilon: 0.3 } as const // so that the first attack fells every image
    const tensor = tf.tensor1d(labels, 'int32')
    const given = await attacked(tinyConvolution, images, labels, { ...wide, evaluator: 'standard', seed: 0 })
    expect(await attacked(tinyConvolution, images, tensor, wide)).toEqual(given)
    expect(given.robustAccuracy).toBe(0)
    tensor.dispose()
  })

  it('says which attacks the number of classes leaves out', async () => {
    const two = (points: Tensor4D) => tinyConvolution(points).slice<ReturnType<typeof tinyConvolution>>([0, 0], [-1, 2])
    const result = await attacked(two, images, new Int32Array(8), { norm: 'L2', epsilon: 0.2, evaluator: 'apgd-ce+t' })
    expect(result.leftOut.map(({ attack: name }) => name)).toEqual(['apgd-t'])
  })

  it('leaves no tensor behind but the adversarial images', async () => {
    const before = tf.memory().numTensors
    const { adversarial } = await attack(tinyConvolution, images, labels, settings)
    expect(tf.memory().numTensors).toBe(before + 1)
    adversarial.dispose()
  })

  const scaled = tf.tidy(() => images.mul<Tensor4D>(255))
  const flat = (points: Tensor4D) => tf.tidy(() => tinyConvolution(points).flatten()) as never
  it.each<[string, Parameters<typeof attack>, RegExp]>([
    ['too few labels', [tinyConvolution, images, [0, 1], settings], /2 labels for 8 images; give one for each/],
    ['a label beyond the classes', [tinyConvolution, images, labels.with(2, 5), settings], /Label 2 is 5; .* 0 to 4/],
    ['half a label', [tinyConvolution, images, labels.with(1, 0.5), settings], /Label 1 is 0.5; .*whole numbers/],
    ['values up to 255', [tinyConvolution, scaled, labels, settings], /a value of .*; give values in \[0, 1\]/],
    ['values that are not numbers', [tinyConvolution, tf.fill([8, 4, 4, 3], NaN), labels, settings], /value of NaN/],
    ['no images', [tinyConvolution, tf.zeros([0, 4, 4, 3]), [], settings], /shape \[0, 4, 4, 3\]/],
    ['images without a batch', [tinyConvolution, tf.zeros([4, 4, 3]) as never, [], settings], /shape \[4, 4, 3\]/],
    [
      'images of whole numbers',
      [tinyConvolution, tf.ones([8, 4, 4, 3], 'int32'), labels, settings],
      /type int32; give float32/,
    ],
    ['a radius in bytes', [tinyConvolution, images, labels, { ...settings, epsilon: 8 }], /was 8\/255 meant\?/],
    ['another norm', [tinyConvolution, images, labels, { ...settings, norm: 'L3' as never }], /no norm "L3"/],
    [
      'another evaluator',
      [tinyConvolution, images, labels, { ...settings, evaluator: 'autoattack' as never }],
      /no evaluator "autoattack"; give one of apgd-ce,/,
    ],
    [
      'an evaluator without an attack for two classes',
      [
        (points) => tinyConvolution(points).slice([0, 0], [-1, 2]),
        images,
        labels.map((label) => label % 2),
        { ...settings, evaluator: 'malt' },
      ],
      /malt has no attack here: apgd-t needs 4 classes/,
    ],
    [
      'logits of whole numbers',
      [(points) => tinyConvolution(points).toInt(), images, labels, settings],
      /type int32; give float32/,
    ],
    ['a model without classes', [flat, images, labels, settings], /gives \[5\] for one image; give a function/],
  ])('refuses %s in one sentence', async (_, given, message) => {
    await expect(attack(...given)).rejects.toThrow(InvalidInput)
    await expect(attack(...given)).rejects.toMatchObject({
      name: 'InvalidInput',
      message: expect.stringMatching(message),
    })
    await expect(attack(...given)).rejects.toMatchObject({ message: expect.stringMatching(/^[^\n]+[.?]$/) })
  })

  it.each([0, -1, Number.NaN])('refuses the radius %s', async (epsilon) => {
    await expect(attack(tinyConvolution, images, labels, { ...settings, epsilon })).rejects.toThrow(InvalidInput)
  })
})

describe('a model that cannot be attacked', () => {
  it.each<[string, LogitsFunction]>([
    ['ignores its images', (points) => tf.zeros([points.shape[0], classes])],
    ['reads its logits to JavaScript', (points) => tf.tensor2d(tinyConvolution(points).arraySync())],
  ])('is refused in one sentence where it %s', async (_, model) => {
    const whole = images.slice([0], [2])
    const truth = [...model(whole).argMax(1).dataSync()]
    for (const evaluator of ['standard', 'malt'] as const)
      await expect(attack(model, whole, truth, { ...settings, evaluator })).rejects.toMatchObject({
        name: 'InvalidInput',
        message: expect.stringMatching(/^The logits of the model have no gradient by its images; compute them.*\.$/),
      })
  })

  it('leaves no tensor behind, whichever of its passes fails', async () => {
    const two = images.slice([0], [2])
    const before = tf.memory().numTensors
    let [passes, failures] = [0, 0]
    const failingAt = (pass: number) => (points: Tensor4D) => {
      if (++passes === pass) throw new Error('no memory')
      return tinyConvolution(points)
    }
    const fails = async (pass: number, evaluator: 'apgd-ce' | 'malt') => {
      passes = 0
      const failing = attack(failingAt(pass), two, labels.slice(0, 2), { norm: 'L2', epsilon: 1e-6, evaluator })
      await expect(failing).rejects.toThrow('no memory')
      failures++
    }
    for (const pass of [1, 2, 3, 7]) await fails(pass, 'apgd-ce')
    for (const pass of [3, 9]) await fails(pass, 'malt')
    expect([failures, tf.memory().numTensors]).toEqual([6, before])
  })
})
