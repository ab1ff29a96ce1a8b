import { tf, uniform } from '@gauntlet/engine'
import type { Randomness } from './randomness.ts'

/** What the random numbers of one forward pass are for. */
interface RandomnessKey {
  readonly seed: number
  readonly purpose: string
  readonly step: number
  /**
   * Digest of each image of the batch: with them an image's numbers do not depend on its place in the batch, nor on the
   * batch's size.
   */
  readonly images?: readonly string[]
}

/**
 * The random numbers of one forward pass, made on the host by Philox: a stream for each call and image, keyed by (seed,
 * purpose, number of the call, image, step). In a captured program they must be an input, or come from an
 * implementation of `Randomness` that draws on the device.
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
