import { tf, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import { digestOfBytes } from '@gauntlet/study'
import { requireAttackable, requireSettings, type AttackSettings } from './attack-input.ts'
import { ballOf } from './balls/balls.ts'
import type { EnsembleVerdict } from './ensemble/ensemble-verdict.ts'
import { attacksOf, ensembleOf, type Ensemble } from './ensemble/ensemble.ts'
import type { LogitsFunction } from './attack/loss.ts'
import { runEnsemble } from './ensemble/run-ensemble.ts'
import type { Verdict } from './ensemble/verdict.ts'

/** What became of the images. */
export interface AttackResult {
  /** The share of the images that held. */
  readonly robustAccuracy: number
  /** What became of each image, in order. */
  readonly images: readonly AttackedImage[]
  /**
   * The images with those that an attack felled replaced by their adversarial images; same shape. The caller disposes
   * of them.
   */
  readonly adversarial: Tensor4D
  /** The attacks of the ensemble that need more classes than the model has, with the reason. */
  readonly leftOut: Ensemble['leftOut']
}

/** What became of one image, with the prediction at the deciding point (`Verdict`). */
export interface AttackedImage extends Verdict {
  /** The attack that felled the image; `clean` where it is misclassified unperturbed, null where it held. */
  readonly felledBy: string | null
}

/**
 * Attacks images with an ensemble, and says which of them hold:
 *
 *     const model = (images: Tensor4D) => backbone.logits(images, parameters, evaluationMode)
 *     const result = await attack(model, images, labels, { norm: 'Linf', epsilon: 8 / 255, evaluator: 'standard' })
 *     console.log(`${100 * result.robustAccuracy} % hold`)
 *     for (const { held, felledBy, distance } of result.images) console.log(held, felledBy, distance)
 *     result.adversarial.dispose()
 *
 * model: images → logits, with normalisation as part of it. images: [count, height, width, channels] in [0, 1]; labels:
 * [count], whole numbers. Both stay the caller's. The result depends on model, images, labels and settings alone, and
 * an image's part of it not on the other images. Throws `InvalidInput` for input that cannot
 * be attacked, and `LogitsNotFinite` where the model answers with NaN or infinity. `runEnsemble` does the same with
 * progress, resuming, and captured attacks, which are faster.
 */
export async function attack(
  model: LogitsFunction,
  images: Tensor4D,
  labels: Tensor1D | ArrayLike<number>,
  settings: AttackSettings,
): Promise<AttackResult> {
  const { norm, epsilon, evaluator = 'standard', seed = 0 } = settings
  requireSettings(settings)
  const ball = ballOf(norm, epsilon)
  const { pixels, labels: known, classes } = await requireAttackable(model, images, labels)
  const [count, height, width, channels] = images.shape
  const size = height * width * channels
  const imageAt = (row: number) => pixels.subarray(row * size, (row + 1) * size)
  const ensemble = ensembleOf(evaluator, norm, classes)
  const adversarial = pixels.slice()
  const verdicts = await runEnsemble({
    logits: model,
    ball,
    imageSet: {
      digests: Array.from({ length: count }, (_, row) => digestOfImage(imageAt(row))),
      labels: known,
      shape: [height, width, channels],
      read: (rows) => tf.gather(images, [...rows]),
    },
    attacks: attacksOf(ensemble, ball),
    seed,
    batchSize: count,
    onFallen: (row, point) => adversarial.set(point, row * size),
  })
  return {
    robustAccuracy: verdicts.filter(({ held }) => held).length / count,
    images: verdicts.map(attackedImage),
    adversarial: tf.tensor4d(adversarial, images.shape),
    leftOut: ensemble.leftOut,
  }
}

function attackedImage({ held, prediction, margin, distance, felledBy }: EnsembleVerdict): AttackedImage {
  return { held, prediction, margin, distance, felledBy: felledBy?.attack ?? null }
}

/** The digest of an image's float32 values, which keys its noise. */
function digestOfImage(values: Float32Array): string {
  return digestOfBytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
}
