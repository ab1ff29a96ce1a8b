import type { Backbone } from '@gauntlet/backbones'
import type { BackboneSpeed } from '@gauntlet/contract'
import { tf, type Tensor4D } from '@gauntlet/engine'
import { evaluate, type ImageReader } from '@gauntlet/evaluation'
import { evaluationMode, type Parameters } from '@gauntlet/nn'
import { digestOf } from '@gauntlet/study'
import { busySeconds } from './busy-seconds.ts'

interface Attacked {
  readonly backbone: Backbone
  readonly parameters: Parameters
  readonly resolution: number
  readonly classes: number
  /** [images, side, side, 3] in [0, 1]. */
  readonly pixels: Float32Array
}

/** Iterations of the shorter and of the longer attack, whose difference is the time of an iteration. */
const [few, many] = [5, 25]

/** So small a radius that every image holds to the end. */
const epsilon = 1e-9

/**
 * Measures an evaluation under APGD as studies run it: the images a second of its passes, with all that an attack does
 * beside them, and the seconds until the first, in which its programs are captured.
 */
export async function attackSpeed(
  attacked: Attacked,
): Promise<Required<Pick<BackboneSpeed, 'attack' | 'attackStart'>>> {
  const reader = readerOf(attacked)
  await secondsOfAttack(attacked, reader, few) // what JavaScript compiles is compiled
  const [short, long] = [await secondsOfAttack(attacked, reader, few), await secondsOfAttack(attacked, reader, many)]
  const pass = Math.max(long - short, 1e-6) / (many - few)
  return { attack: reader.count / pass, attackStart: Math.max(0, short - (few + 1) * pass) }
}

async function secondsOfAttack(attacked: Attacked, reader: ImageReader, iterations: number): Promise<number> {
  const { parameters, classes } = attacked
  const begun = busySeconds()
  await evaluate({
    perturbation: { name: 'Linf', epsilon, evaluator: { name: 'apgd-ce', iterations, restarts: 1 } },
    seed: 0,
    logits: (images) => logitsOf(attacked, images, parameters),
    network: { model: (images, held) => logitsOf(attacked, images, held), parameters },
    classes,
    reader,
    batchSize: reader.count,
  })
  return busySeconds() - begun
}

function logitsOf({ backbone }: Attacked, images: Tensor4D, parameters: Parameters) {
  return backbone.logits(images, parameters, evaluationMode)
}

/** The images with what the model predicts for labels, since others are not attacked. */
function readerOf(attacked: Attacked): ImageReader {
  const { pixels, resolution, parameters } = attacked
  const size = resolution * resolution * 3
  const count = pixels.length / size
  const labels = tf.tidy(() =>
    logitsOf(attacked, tf.tensor4d(pixels, [count, resolution, resolution, 3]), parameters)
      .argMax(1)
      .dataSync(),
  )
  const digests = Array.from({ length: count }, (_, index) => digestOf(`bench ${index}`))
  return {
    count,
    resolution,
    entry: (index) => ({ digest: digests[index]!, label: labels[index]! }),
    async read(indices) {
      const images = new Float32Array(indices.length * size)
      for (const [row, index] of indices.entries())
        images.set(pixels.subarray(index * size, (index + 1) * size), row * size)
      const at = indices.map((index) => digests[index]!)
      return { images, labels: Int32Array.from(indices, (index) => labels[index]!), digests: at }
    },
  }
}
