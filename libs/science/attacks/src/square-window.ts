import { tf, type Tensor1D, type Tensor2D, type Tensor3D, type Tensor4D } from '@gauntlet/engine'

/** A square window in every image. */
export interface Window {
  readonly rows: Span
  readonly columns: Span
  /** 1 inside and 0 outside, [batch, height, width, 1]. */
  readonly mask: Tensor4D
}

/** The rows or the columns of a window, each [batch, length of the image]. */
interface Span {
  /** How many pixels each lies from the window's corner. */
  readonly offsets: Tensor2D
  /** 1 inside and 0 outside. */
  readonly inside: Tensor2D
}

/**
 * The windows of `sides` [batch] whose corners lie at int(u · (height − side)), int(v · (width − side)) for `corner` =
 * (u, v), [batch, 2]. As with the reference's random_int (square.py:117), a window does not reach the last row and
 * column unless its side is the image's.
 */
export function windowAt(origin: Tensor4D, sides: Tensor1D, corner: Tensor2D): Window {
  const [batch, height, width] = origin.shape
  const side = sides.reshape<Tensor2D>([batch, 1])
  const [u, v] = tf.split(corner, 2, 1) as [Tensor2D, Tensor2D]
  const rows = spanOf(height, side, u)
  const columns = spanOf(width, side, v)
  const isInside = gatherTableRows(
    tf.concat([tf.zeros([1, width]), columns.inside]),
    rows.inside.mul(numbered(batch, 1)),
  )
  return { rows, columns, mask: isInside.reshape([batch, height, width, 1]) }
}

function spanOf(length: number, side: Tensor2D, draws: Tensor2D): Span {
  const corner = draws.mul<Tensor2D>(tf.sub(length, side)).floor<Tensor2D>()
  const offsets = tf.range(0, length).reshape<Tensor2D>([1, length]).sub<Tensor2D>(corner)
  const inside = offsets.greaterEqual(0).logicalAnd<Tensor2D>(offsets.less(side)).toFloat<Tensor2D>()
  return { offsets, inside }
}

/** `count` numbers from `first` on, one a row: [count, 1], float32. */
export function numbered(count: number, first: number, step = 1): Tensor2D {
  return tf.range(first, first + count * step, step).reshape([count, 1])
}

/**
 * Rows of a table [rows, width] by their numbers (float32, any shape). Copying whole rows takes a twentieth of the time
 * of gathering every pixel.
 */
export function gatherTableRows(table: Tensor2D, numbers: Tensor2D): Tensor3D {
  return tf.gather(table, numbers.toInt()) as unknown as Tensor3D
}

/** Signs by uniform draws, [batch, channels] → [batch, 1, 1, channels] (random_choice, square.py:113). */
export function signsOf(draws: Tensor2D): Tensor4D {
  return draws.mul(2).sub(1).sign().reshape([draws.shape[0], 1, 1, draws.shape[1]])
}
