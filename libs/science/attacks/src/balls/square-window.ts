import { tf, type Rank, type Tensor2D, type Tensor3D, type Tensor4D } from '@gauntlet/engine'
import type { ImageShape } from './square-moves.ts'

/*
 * Square windows of many queries, one for each image of the batch.
 */

/** The windows of some queries. */
export interface Windows {
  readonly rows: Spans
  readonly columns: Spans
}

/** The rows or the columns of windows, each [queries, batch, length of the image]. */
interface Spans {
  /** How many pixels each lies from the window's corner. */
  readonly offsets: Tensor3D
  /** 1 inside and 0 outside. */
  readonly inside: Tensor3D
}

/**
 * The windows of `sides` [queries, batch] whose corners lie at int(u · (height − side)), int(v · (width − side)) for
 * `corners` = (u, v), [queries, batch, 2]. As with the reference's random_int (square.py:117), a window does not reach
 * the last row and column unless its side is the image's.
 */
export function windowsAt([height, width]: ImageShape, sides: Tensor2D, corners: Tensor3D): Windows {
  const side = sides.reshape<Tensor3D>([...sides.shape, 1])
  const [u, v] = tf.split(corners, 2, 2) as [Tensor3D, Tensor3D]
  return { rows: spansOf(height, side, u), columns: spansOf(width, side, v) }
}

function spansOf(length: number, side: Tensor3D, draws: Tensor3D): Spans {
  const corner = draws.mul<Tensor3D>(tf.sub(length, side)).floor<Tensor3D>()
  const offsets = tf.range(0, length).reshape<Tensor3D>([1, 1, length]).sub<Tensor3D>(corner)
  const inside = offsets.greaterEqual(0).logicalAnd<Tensor3D>(offsets.less(side)).toFloat<Tensor3D>()
  return { offsets, inside }
}

/** Images that are 0 outside of a window: a table of rows, and which of them each row of an image is. */
export type WindowFill = {
  /** The row outside of windows and then each image's row through its window: [1 + batch, width · channels]. */
  readonly table: Tensor2D
  /** [batch, height], int32. */
  readonly numbers: Tensor2D
}

/**
 * The fills whose pixels in the windows have the values of `channels` [queries, batch, channels], each tensor with a
 * first axis for the queries.
 */
export function fillOf({ rows, columns }: Windows, channels: Tensor3D): WindowFill {
  const [[queries, batch, width], depth] = [columns.inside.shape, channels.shape[2]]
  const row = columns.inside
    .reshape([queries, batch, width, 1])
    .mul(channels.reshape([queries, batch, 1, depth]))
    .reshape<Tensor3D>([queries, batch, width * depth])
  const table = tf.concat([tf.zeros<Rank.R3>([queries, 1, width * depth]), row], 1)
  return { table, numbers: rows.inside.mul(numbered(batch, 1)).toInt() } as unknown as WindowFill
}

/** 1 inside the windows and 0 outside. */
export function maskOf(windows: Windows, channels: number): WindowFill {
  const [queries, batch] = windows.rows.inside.shape
  return fillOf(windows, tf.ones([queries, batch, channels]))
}

/** The images of one query's fill, of this shape. */
export function filledWindow({ table, numbers }: WindowFill, shape: Tensor4D['shape']): Tensor4D {
  return gatherTableRows(table, numbers).reshape(shape)
}

/** Images all of whose pixels have the values of `channels` [batch, channels]: of this shape. */
export function filledImages(channels: Tensor2D, [batch, height, width, depth]: Tensor4D['shape']): Tensor4D {
  const row = channels.reshape<Tensor3D>([batch, 1, depth]).tile<Tensor3D>([1, width, 1])
  const numbers = tf.fill<Rank.R2>([batch, height], 0).add<Tensor2D>(numbered(batch, 0)).toInt<Tensor2D>()
  return gatherTableRows(row.reshape([batch, width * depth]), numbers).reshape([batch, height, width, depth])
}

/** `count` numbers from `first` on, one a row: [count, 1], float32. */
export function numbered(count: number, first: number, step = 1): Tensor2D {
  return tf.range(first, first + count * step, step).reshape([count, 1])
}

/**
 * Rows of a table [rows, width] by their numbers (int32, any shape). Copying whole rows takes a twentieth of the time
 * of gathering every pixel, and TensorFlow takes many times as long to repeat a few channels for every pixel
 * (test/benchmarks/LOG.md).
 */
export function gatherTableRows(table: Tensor2D, numbers: Tensor2D): Tensor3D {
  return tf.gather(table, numbers) as unknown as Tensor3D
}

/** Signs by uniform draws, each of the draws' shape (random_choice, square.py:113). */
export function signsOf(draws: Tensor3D): Tensor3D {
  return draws.mul<Tensor3D>(2).sub<Tensor3D>(1).sign()
}
