import { drawUniform, type RandomKey, type Tensor2D } from '@gauntlet/engine'
import type { Randomness } from '@gauntlet/nn'

/** Draws that are reserved for one forward pass, more than any model has layers that draw. */
const drawsPerPass = 4096

/**
 * The keys of a micro-batch's dropout. A key depends on the image's index in the split and on the epoch, not on its row
 * in the batch.
 */
export function dropoutKeys(seed: number, epoch: number, indices: readonly number[]): RandomKey[] {
  return indices.map((index) => ({ seed, purpose: 'dropout', image: String(index), iteration: epoch }))
}

/** The random numbers of forward pass `pass` (from 0) over the images of `keys`, drawn inside the program. */
export function dropoutRandomness(keys: Tensor2D, pass: number): Randomness {
  let draws = 0
  return {
    ofImages: (from, count) => dropoutRandomness(keys.slice<Tensor2D>([from, 0], [count, -1]), pass),
    uniform: (shape) => {
      const each = shape.reduce((product, size) => product * size, 1) / keys.shape[0]
      return drawUniform(keys, each, pass * drawsPerPass + draws++).reshape([...shape])
    },
  }
}
