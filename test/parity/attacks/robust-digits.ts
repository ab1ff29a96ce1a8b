import {
  attacksOf,
  ensembleOf,
  ballOf,
  frozenNetwork,
  type Ball,
  type EnsembleName,
  type EnsembleTask,
} from '@gauntlet/attacks'
import { tf, type Tensor4D } from '@gauntlet/engine'
import type { DigitModel } from './digit-model.ts'
import { robustModels, weightsOf, type RobustModelName } from './digit-models.ts'
import { heldOutDigits, pixels, side } from './digits.ts'

/** Which digits are attacked, and in which ball. */
interface DigitsSettings {
  readonly norm: Ball['norm']
  /** The first ones; all thousand unless given. */
  readonly count?: number
}

/** How the images are attacked. */
interface EnsembleSettings {
  readonly norm: Ball['norm']
  readonly epsilon: number
  /** `standard` unless given. */
  readonly ensemble?: EnsembleName
}

/** The task of an ensemble against one of the models, on the first digits. */
export function ensembleTaskOnDigits(name: RobustModelName, settings: DigitsSettings): EnsembleTask {
  const { model, weights, epsilons } = robustModels[name]
  const { norm, count = 1000 } = settings
  const { images, labels } = heldOutDigits()
  const digits = digitsBatch(images.slice(0, count))
  return ensembleTaskOn(
    model,
    weights,
    { images: digits, labels: labels.slice(0, count) },
    { norm, epsilon: epsilons[norm] },
  )
}

/**
 * The task of an ensemble against any model, on any images [count, height, width, channels] in [0, 1]. These and the
 * weights live as long as the process.
 */
export function ensembleTaskOn(
  model: DigitModel,
  weights: string | URL,
  { images, labels }: { readonly images: Tensor4D; readonly labels: readonly number[] },
  { norm, epsilon, ensemble = 'standard' }: EnsembleSettings,
): EnsembleTask {
  const ball = ballOf(norm, epsilon)
  const parameters = weightsOf(model, weights)
  const [, height, width, channels] = images.shape
  const read = (rows: readonly number[]) => tf.gather(images, [...rows])
  return {
    logits: (points: Tensor4D) => model.logits(points, parameters),
    network: frozenNetwork(model.logits, parameters, read([0])),
    ball,
    imageSet: { digests: labels.map((_, i) => `digit ${i}`), labels, shape: [height, width, channels], read },
    attacks: attacksOf(ensembleOf(ensemble, norm, 10), ball),
    seed: 0,
    batchSize: 500,
  }
}

/** [images, 28, 28, 1] in [0, 1]. */
export function digitsBatch(images: readonly Uint8Array[]): Tensor4D {
  const values = new Float32Array(images.length * pixels)
  images.forEach((image, i) => image.forEach((byte, j) => (values[i * pixels + j] = byte / 255)))
  return tf.tensor4d(values, [images.length, side, side, 1])
}
