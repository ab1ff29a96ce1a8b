import { tf, type Rank, type Tensor1D, type Tensor2D, type Tensor3D, type Tensor4D } from '@gauntlet/engine'

/** A square window in every image. */
export interface Window {
  readonly rows: Span
  readonly columns: Span
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
  return { rows: spanOf(height, side, u), columns: spanOf(width, side, v) }
}

/**
 * Images whose pixels in the window have the values of `channels` [batch, channels], and 0 outside: [batch, height,
 * width, channels].
 */
export function filledWindow({ rows, columns }: Window, channels: Tensor2D): Tensor4D {
  const [[batch, width], depth] = [columns.inside.shape, channels.shape[1]]
  const row = columns.inside.reshape([batch, width, 1]).mul<Tensor3D>(channels.reshape([batch, 1, depth]))
  return gatherImageRows(tf.concat([tf.zeros<Rank.R3>([1, width, depth]), row]), rows.inside.mul(numbered(batch, 1)))
}

/** 1 inside the window and 0 outside, [batch, height, width, channels]. */
export function maskOf(window: Window, channels: number): Tensor4D {
  return filledWindow(window, tf.ones([window.rows.inside.shape[0], channels]))
}

/** Images all of whose pixels have the values of `channels` [batch, channels]: of this shape. */
export function filledImages(channels: Tensor2D, [batch, height, width, depth]: Tensor4D['shape']): Tensor4D {
  const row = channels.reshape<Tensor3D>([batch, 1, depth]).tile<Tensor3D>([1, width, 1])
  return gatherImageRows(row, tf.fill<Rank.R2>([batch, height], 0).add(numbered(batch, 0)))
}

/**
 * Images made of rows of a table [rows, width, channels], by their numbers [batch, height] (float32). TensorFlow takes
 * many times as long to repeat a few channels for every pixel (test/benchmarks/LOG.md).
 */
function gatherImageRows(table: Tensor3D, numbers: Tensor2D): Tensor4D {
  const [count, width, channels] = table.shape
  const rows = gatherTableRows(table.reshape([count, width * channels]), numbers)
  return rows.reshape([...numbers.shape, width, channels])
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

/** Signs by uniform draws, each [batch, channels] (random_choice, square.py:113). */
export function signsOf(draws: Tensor2D): Tensor2D {
  return draws.mul<Tensor2D>(2).sub<Tensor2D>(1).sign()
}
