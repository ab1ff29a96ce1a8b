import { tf, uniform, type Tensor } from '@gauntlet/engine'

/** Where one forward pass takes its random numbers. */
export interface Randomness {
  /** Numbers in [0, 1). Every call gives new ones; the same calls in the same order of another pass with the same key give the same. */
  readonly uniform: (shape: readonly number[]) => Tensor
}

/** What the random numbers of one forward pass are for. */
export interface RandomnessKey {
  readonly seed: number
  readonly purpose: string
  readonly step: number
  /** Digest of each image of the batch: with them an image's numbers do not depend on its place in the batch, nor on the batch's size. */
  readonly images?: readonly string[]
}

/** The random numbers of one forward pass, made on the host. */
export function randomnessOf({ seed, purpose, step, images = [''] }: RandomnessKey): Randomness {
  let calls = 0
  return {
    uniform: (shape) => {
      const call = calls++
      const each = shape.reduce((product, size) => product * size, 1) / images.length
      const values = images.map((image) => uniform({ seed, purpose: `${purpose}/${call}`, image, iteration: step }, each))
      const all = new Float32Array(each * images.length)
      values.forEach((numbers, i) => all.set(numbers, i * each))
      return tf.tensor(all, [...shape])
    },
  }
}
