import { tf, type Tensor1D, type Tensor2D, type Tensor3D, type Tensor4D } from '@gauntlet/engine'

/**
 * A window of every image: which rows and columns lie inside, and how far each is from the upper left corner, in
 * pixels.
 */
export interface Window {
  readonly rows: Stretch
  readonly columns: Stretch
  /** 1 inside and 0 outside, [batch, height, width, 1]. */
  readonly mask: Tensor4D
}

/** The rows or the columns of a window, each [batch, length of the image]. */
interface Stretch {
  readonly places: Tensor2D
  /** 1 inside and 0 outside. */
  readonly inside: Tensor2D
}

/**
 * A window of `sides` [batch] with its corner at int(u · (height − side)), int(v · (width − side)), as random_int
 * (square.py:117): the last row and column are out of reach unless the side is the image's. corner: [batch, 2].
 */
export function windowAt(origin: Tensor4D, sides: Tensor1D, corner: Tensor2D): Window {
  const [batch, height, width] = origin.shape
  const side = sides.reshape<Tensor2D>([batch, 1])
  const [u, v] = tf.split(corner, 2, 1) as [Tensor2D, Tensor2D]
  const rows = stretch(height, side, u)
  const columns = stretch(width, side, v)
  const isInside = rowsOf(tf.concat([tf.zeros([1, width]), columns.inside]), rows.inside.mul(numbered(batch, 1)))
  return { rows, columns, mask: isInside.reshape([batch, height, width, 1]) }
}

function stretch(length: number, side: Tensor2D, draws: Tensor2D): Stretch {
  const corner = draws.mul<Tensor2D>(tf.sub(length, side)).floor<Tensor2D>()
  const places = tf.range(0, length).reshape<Tensor2D>([1, length]).sub<Tensor2D>(corner)
  const inside = places.greaterEqual(0).logicalAnd<Tensor2D>(places.less(side)).toFloat<Tensor2D>()
  return { places, inside }
}

/** The numbers from `first` on, one a row: [count, 1], float32. */
export function numbered(count: number, first: number, step = 1): Tensor2D {
  return tf.range(first, first + count * step, step).reshape([count, 1])
}

/**
 * Rows of a table [rows, width] by their numbers (float32, any shape): whole rows are copied, where looking up every
 * pixel takes twenty times as long.
 */
export function rowsOf(table: Tensor2D, numbers: Tensor2D): Tensor3D {
  return tf.gather(table, numbers.toInt()) as unknown as Tensor3D
}

/** Signs from uniform draws, [batch, channels] → [batch, 1, 1, channels] (random_choice, square.py:113). */
export function signsOf(draws: Tensor2D): Tensor4D {
  return draws.mul(2).sub(1).sign().reshape([draws.shape[0], 1, 1, draws.shape[1]])
}
