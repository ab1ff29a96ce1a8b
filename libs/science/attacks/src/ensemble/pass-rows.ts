import { mostInPass, tf, threadsOfParts, type Rank, type Tensor } from '@gauntlet/engine'
import type { ImageShape } from '../balls/square-moves.ts'

/**
 * Each thread's part of a pass is a multiple of this: as many numbers as TensorFlow's own kernels take at once. What is
 * left over they take one by one, with other rounding.
 */
const fewestRows = 8

/**
 * Rows of every pass through a model and of every step of an attack on images of this shape, whatever batch is asked
 * for: that only says how many rows hold images of their own. Kernels choose by the number of rows in which order they
 * add (a matrix product of one row is another one than of sixteen), so that one number of rows is what gives an image
 * the same bits in every batch, shard and order. Its position in the batch changes none (`batchPositionInvariant`,
 * decision 0016). A power of two, and enough for every thread to have a part of its own.
 */
export function passRows([height, width]: ImageShape): number {
  const { pixels, rows: most } = mostInPass()
  const fitting = 2 ** Math.floor(Math.log2(pixels / (height * width)))
  return Math.max(Math.min(fitting, most), fewestOfThreads())
}

/**
 * The numbers of rows below `rows` that hold `needed` images, smallest first. None may be used before it gave the bits
 * of `passRows` (`narrow`).
 */
export function narrowerRows(rows: number, needed: number): number[] {
  if (!mostInPass().narrows) return []
  const step = fewestOfThreads()
  const narrower: number[] = []
  for (let fewer = step * Math.ceil(needed / step); fewer < rows; fewer += step) narrower.push(fewer)
  return narrower
}

function fewestOfThreads(): number {
  return fewestRows * 2 ** Math.floor(Math.log2(threadsOfParts()))
}

/** The row numbers, followed by as many repetitions of the first as make `size`. */
export function paddedRows(rows: readonly number[], size: number): number[] {
  return [...rows, ...Array.from({ length: size - rows.length }, () => rows[0]!)]
}

/** The tensor, followed by as many repetitions of its first row as make `size` rows. */
export function paddedBatch<R extends Rank>(tensor: Tensor<R>, size: number): Tensor<R> {
  return tf.gather(tensor, paddedRows([...Array(tensor.shape[0]!).keys()], size))
}
