import { tf, uniform } from '@gauntlet/engine'
import type { Randomness } from './randomness.ts'

/** What the random numbers of one forward pass are for. */
interface RandomnessKey {
  readonly seed: number
  readonly purpose: string
  readonly step: number
  /**
   * The digest of each image of the batch. If they are given, the numbers of an image depend on neither its position
   * nor the size of the batch.
   */
  readonly images?: readonly string[]
}

/**
 * Random numbers for one eager forward pass, drawn on the host by Philox. Each call and image has a stream, keyed by
 * (seed, purpose, number of the call, image, step).
 */
export function hostRandomness({ images = [''], ...key }: RandomnessKey): Randomness {
  const { seed, purpose, step } = key
  let calls = 0
  return {
    ofImages: (from, count) => hostRandomness({ ...key, images: images.slice(from, from + count) }),
    uniform: (shape) => {
      const call = calls++
      const count = shape.reduce((product, size) => product * size, 1)
      const each = count / images.length
      if ((shape[0] ?? 1) % images.length !== 0) {
        throw new RangeError(
          `${count} random numbers cannot be shared out among ${images.length} images; give each image as many rows.`,
        )
      }
      const values = new Float32Array(count)
      images.forEach((image, i) => {
        values.set(uniform({ seed, purpose: `${purpose}/${call}`, image, iteration: step }, each), i * each)
      })
      return tf.tensor(values, [...shape])
    },
  }
}
