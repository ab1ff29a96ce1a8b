import { ballOf } from '@gauntlet/attacks'
import type { AttackProbe, AttackReport } from '@gauntlet/contract'
import {
  ensembleAttacks,
  evaluate,
  evaluateUnderAttack,
  type AttackEvaluation,
  type Evaluated,
  type ImageReader,
} from '@gauntlet/evaluation'
import { writeFileAtomically } from '@gauntlet/files'
import { evaluationMode } from '@gauntlet/nn'
import { InvalidInput, digestOfBytes, largestDistance } from '@gauntlet/study'
import { attackSheet } from './attack-sheet.ts'
import type { Probe } from './probe.ts'
import { readProbedImages, sideOfImages, type ProbedImages } from './probed-images.ts'
import { disposeModel, loadProbedModel, readArrays, type LoadedModel } from './probed-model.ts'
import { requireWritable, writeResult } from './write-result.ts'

/**
 * Finds which images hold against an evaluator (`AttackReport`). On request it writes the images, each replaced by its
 * adversarial example where one was found.
 */
export const probeAttack: Probe<AttackProbe> = async (request, report) => {
  for (const place of [request.out, request.sheet]) if (place !== null) requireWritable(place)
  const inputs = readArrays(request.inputs, 'inputs')
  const model = loadProbedModel(request, sideOfImages(inputs))
  try {
    if (model.classes < 2)
      throw new InvalidInput('The model has one class, so no image can be taken for another; give two classes or more.')
    const images = readProbedImages(inputs, { ...request, contract: 'none' }, model)
    requireAttackable(images)
    requireRadius(request, images)
    const found = new Map<number, Float32Array>()
    const { outcomes, evidence } = await evaluateImages(request, model, images, {
      onFallen: (index, image) => void found.set(index, image),
      onProgress: ({ done, total }) => report(done, total),
    })
    const attacked = imagesAfter(images, found)
    if (request.out !== null) await writeResult(request.out, arraysOf(images, attacked))
    if (request.sheet !== null)
      await writeFileAtomically(request.sheet, await sheetOf(model, images, attacked, request.seed))
    return JSON.stringify(reportOf({ outcomes, evidence }))
  } finally {
    disposeModel(model)
  }
}

/** The most images on a sheet; it shows the first ones. */
const mostOnSheet = 12

function sheetOf(
  { logits }: LoadedModel,
  { count, shape: [, side], pixels, labels }: ProbedImages,
  attacked: Float32Array,
  seed: number,
): Promise<Uint8Array> {
  const size = side * side * 3
  const rows = Array.from({ length: Math.min(count, mostOnSheet) }, (_, i) => {
    const [clean, moved] = [pixels, attacked].map((all) => all.subarray(i * size, (i + 1) * size))
    return { clean: clean!, attacked: moved!, label: labels[i]!, title: 'attacked' }
  })
  return attackSheet(rows, { logits, side, seed })
}

/** Refuses radii that are none, and those at which every image is in the ball, as radii in pixel levels often are. */
function requireRadius({ norm, epsilon }: AttackProbe, { shape: [, side] }: ProbedImages): void {
  if (!(Number.isFinite(epsilon) && epsilon >= 0))
    throw new InvalidInput(`The radius is ${epsilon}; give a number of at least 0.`)
  const largest = largestDistance(norm, side)
  if (norm === 'Linf' ? epsilon <= largest : epsilon < largest) return
  const meant = norm === 'Linf' && epsilon <= 255 ? ` (${epsilon}/255?)` : ''
  throw new InvalidInput(
    `A ${norm} radius of ${epsilon} allows anything, since pixels lie in [0, 1]; give it in units of that range${meant}.`,
  )
}

/**
 * Refuses images that the attacks cannot use. They take square images with pixels in [0, 1], whatever the model does to
 * these.
 */
function requireAttackable({ pixels, shape: [, height, width] }: ProbedImages): void {
  const outside = pixels.findIndex((value) => value < 0 || value > 1)
  if (outside >= 0)
    throw new InvalidInput(
      `The inputs cannot be used: element ${outside} of images is ${pixels[outside]}; give pixels in [0, 1].`,
    )
  if (height !== width)
    throw new InvalidInput(`The inputs cannot be used: images are ${height} × ${width} pixels; give square ones.`)
}

/**
 * Evaluates the images. A ball of radius 0 contains the image alone, so an image then holds where it is right
 * unperturbed.
 */
function evaluateImages(
  { norm, epsilon, evaluator, escalate, seed }: AttackProbe,
  { backbone, classes, parameters, logits }: LoadedModel,
  images: ProbedImages,
  reporting: Pick<AttackEvaluation, 'onFallen' | 'onProgress'>,
): Promise<Evaluated> {
  const model: NonNullable<AttackEvaluation['network']>['model'] = (x, weights) =>
    backbone.logits(x, weights, evaluationMode)
  const evaluation: AttackEvaluation = {
    seed,
    logits,
    network: { model, parameters },
    reader: readerOf(images),
    batchSize: Math.max(1, Math.min(64, Math.floor((imagesOf224 * 224 * 224) / images.shape[1] ** 2))),
    ...reporting,
  }
  if (epsilon === 0)
    return evaluate({ ...evaluation, classes, perturbation: { name: 'clean', evaluator: { name: 'argmax' } } })
  return evaluateUnderAttack(evaluation, ensembleAttacks(evaluator, ballOf(norm, epsilon), classes, { escalate }))
}

/** Images of 224 × 224 in a batch. */
const imagesOf224 = 8

/** A reader of the images of the file. The bytes of an image key its random numbers. */
function readerOf({ count, shape, pixels, labels }: ProbedImages): ImageReader {
  const size = shape[1] * shape[2] * shape[3]
  const imageAt = (index: number) => pixels.subarray(index * size, (index + 1) * size)
  const digests = Array.from({ length: count }, (_, index) =>
    digestOfBytes(new Uint8Array(imageAt(index).slice().buffer)),
  )
  return {
    count,
    resolution: shape[1],
    entry: (index) => ({ digest: digests[index]!, label: labels[index]! }),
    async read(indices) {
      const images = new Float32Array(indices.length * size)
      indices.forEach((index, i) => images.set(imageAt(index), i * size))
      return {
        images,
        labels: Int32Array.from(indices, (index) => labels[index]!),
        digests: indices.map((index) => digests[index]!),
      }
    },
  }
}

/** The images, with each that fell replaced by its adversarial example. */
function imagesAfter({ pixels, count }: ProbedImages, found: ReadonlyMap<number, Float32Array>): Float32Array {
  const attacked = pixels.slice()
  for (const [index, image] of found) attacked.set(image, (index * pixels.length) / count)
  return attacked
}

function arraysOf({ shape, labels, count }: ProbedImages, data: Float32Array) {
  return [
    { name: 'images', dtype: 'float32', shape, data },
    { name: 'labels', dtype: 'int32', shape: [count], data: labels },
  ] as const
}

function reportOf({ outcomes, evidence }: Evaluated): AttackReport {
  return {
    n: outcomes.length,
    clean_correct: outcomes.map(({ felledBy }) => felledBy !== 'clean'),
    robust: outcomes.map(({ held }) => held),
    felled_by: outcomes.map(({ felledBy }) => felledBy),
    distance: outcomes.map(({ distance }) => distance ?? 0),
    ...evidence,
  }
}
