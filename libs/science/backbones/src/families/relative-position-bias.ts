import { tf, type Tensor, type Tensor2D } from '@gauntlet/engine'

const knownIndices = new Map<number, Int32Array>()

/**
 * A learned bias per head for every offset between two positions of a square, which is added to attention scores (Swin,
 * arXiv:2103.14030, section 3.2). table: [(2 · side − 1)², heads]; [1, heads, side², side²] out.
 */
export function relativePositionBias(table: Tensor2D, side: number): Tensor {
  const places = side * side
  const index = tf.tensor1d(relativePositionIndex(side), 'int32')
  return tf.gather(table, index).reshape([1, places, places, -1]).transpose([0, 3, 1, 2])
}

/**
 * The row of the table for each pair of a query and a key position, the keys varying faster. Offsets are counted from
 * −(side − 1) in both directions. [side⁴].
 */
export function relativePositionIndex(side: number): Int32Array {
  const known = knownIndices.get(side)
  if (known) return known
  const places = side * side
  const index = Int32Array.from({ length: places * places }, (_, pair) => {
    const [query, key] = [Math.floor(pair / places), pair % places]
    const down = Math.floor(query / side) - Math.floor(key / side) + side - 1
    const right = (query % side) - (key % side) + side - 1
    return down * (2 * side - 1) + right
  })
  knownIndices.set(side, index)
  return index
}
