import { tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'

/** Places inside a window of every image: distances from its upper left corner, in pixels. */
export interface Window {
  /** [batch, height, 1]. */
  readonly rows: Tensor
  /** [batch, 1, width]. */
  readonly columns: Tensor
  /** 1 inside and 0 outside, [batch, height, width, 1]. */
  readonly mask: Tensor4D
}

/**
 * A window of `sides` [batch] with its corner at int(u · (height − side)), int(v · (width − side)), as random_int (square.py:117): the last row and column
 * are out of reach unless the side is the image's. corner: [batch, 2].
 */
export function windowAt(origin: Tensor4D, sides: Tensor1D, corner: Tensor2D): Window {
  const [, height, width] = origin.shape
  const side = sides.reshape([-1, 1, 1])
  const [u, v] = tf.split(corner, 2, 1).map((draws) => draws.reshape([-1, 1, 1])) as [Tensor, Tensor]
  const rows = tf
    .range(0, height)
    .reshape([1, height, 1])
    .sub(u.mul(tf.sub(height, side)).floor())
  const columns = tf
    .range(0, width)
    .reshape([1, 1, width])
    .sub(v.mul(tf.sub(width, side)).floor())
  const [inRows, inColumns] = [rows, columns].map((places) => places.greaterEqual(0).logicalAnd(places.less(side)).toFloat()) as [
    Tensor,
    Tensor,
  ]
  const mask = inRows.mul(inColumns).reshape<Tensor4D>([-1, height, width, 1])
  return { rows, columns, mask }
}

/** Signs from uniform draws, [batch, channels] → [batch, 1, 1, channels] (random_choice, square.py:113). */
export function signsOf(draws: Tensor2D): Tensor4D {
  return draws.mul(2).sub(1).sign().reshape([draws.shape[0], 1, 1, draws.shape[1]])
}
