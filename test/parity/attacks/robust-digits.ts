import {
  attacksOf,
  ensembleOf,
  frozenNetwork,
  l1,
  l2,
  linf,
  type Ball,
  type Campaign,
  type EnsembleName,
} from '@gauntlet/attacks'
import { tf, type Tensor4D } from '@gauntlet/engine'
import { robustModels, weightsOf, type RobustModelName } from './digit-models.ts'
import { heldOutDigits, pixels, side } from './digits.ts'

const balls: Record<Ball['norm'], (epsilon: number) => Ball> = { Linf: linf, L2: l2, L1: l1 }

/** How the digits are attacked. */
export interface DigitsSettings {
  readonly norm: Ball['norm']
  /** That of the model unless given. */
  readonly epsilon?: number
  /** The first ones; all thousand unless given. */
  readonly count?: number
  /** Other weights than the robust ones. */
  readonly weights?: string | URL
  /** `standard` unless given. */
  readonly ensemble?: EnsembleName
}

/** An ensemble against one of the models on the first digits. */
export function campaignOnDigits(name: RobustModelName, settings: DigitsSettings): Campaign {
  const { model, weights: robust, epsilons } = robustModels[name]
  const { norm, epsilon = epsilons[norm], count = 1000, weights = robust, ensemble = 'standard' } = settings
  const { images, labels } = heldOutDigits()
  const ball = balls[norm](epsilon)
  const parameters = weightsOf(model, weights)
  const network = frozenNetwork(model.logits, parameters, digitsBatch(images.slice(0, 1)))
  return {
    logits: (points: Tensor4D) => model.logits(points, parameters),
    network,
    ball,
    gallery: {
      digests: labels.slice(0, count).map((_, i) => `digit ${i}`),
      labels: labels.slice(0, count),
      shape: [side, side, 1],
      read: (rows) => digitsBatch(rows.map((row) => images[row]!)),
    },
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
