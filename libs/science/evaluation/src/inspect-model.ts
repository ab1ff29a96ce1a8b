import {
  crossEntropy,
  flagsOfAnswers,
  flagsOfGradients,
  gradientByPoints,
  type Flag,
  type ImageSet,
  type LogitsFunction,
} from '@gauntlet/attacks'
import { tf, type Tensor1D, type Tensor4D } from '@gauntlet/engine'

/** Signs that a model masks its gradients, found on a few unperturbed images. */
export interface ModelInspection {
  readonly flags: readonly Flag[]
  readonly forwards: number
  readonly backwards: number
}

/**
 * How many images are taken, spread evenly over all of them, and how many at once. The numbers are fixed, so that no
 * flag depends on the batch size of the evaluation.
 */
const [sampled, together] = [32, 8]
/** Passes that must agree. The reference takes five (checks.py:21), but two are enough. */
const passes = 2

/** Takes the model's logits twice and the input gradient of its cross-entropy once. */
export async function inspectModel(logits: LogitsFunction, imageSet: ImageSet): Promise<ModelInspection> {
  const count = imageSet.digests.length
  const rows = Array.from({ length: Math.min(sampled, count) }, (_, i) =>
    Math.floor((i * count) / Math.min(sampled, count)),
  )
  const answers = Array.from({ length: passes }, (): number[][] => [])
  const sizes: number[] = []
  for (let first = 0; first < rows.length; first += together) {
    const batch = rows.slice(first, first + together)
    const images = await imageSet.read(batch)
    try {
      for (const pass of answers) pass.push(...tf.tidy(() => logits(images).arraySync()))
      sizes.push(
        ...gradientSizes(
          logits,
          images,
          batch.map((row) => imageSet.labels[row]!),
        ),
      )
    } finally {
      images.dispose()
    }
  }
  return {
    flags: [...flagsOfAnswers(answers), ...flagsOfGradients(sizes)],
    forwards: rows.length * (passes + 1),
    backwards: rows.length,
  }
}

/** The sum of the absolute gradient of each image. */
function gradientSizes(logits: LogitsFunction, images: Tensor4D, labels: number[]): number[] {
  return tf.tidy(() => {
    const chosen = tf.tensor1d(labels, 'int32')
    const gradient = gradientByPoints((points) => crossEntropy(logits(points), chosen).sum(), images)
    return Array.from(gradient.abs().sum<Tensor1D>([1, 2, 3]).dataSync())
  })
}
