import type { Tensor2D, Tensor3D, Tensor4D, TensorTree } from '@gauntlet/engine'

/** Height, width and channels of an image. */
export type ImageShape = readonly [height: number, width: number, channels: number]

/**
 * How the Square attack moves in a ball: where it starts, and which point a query tries. Pure functions of tensors.
 * Random numbers are uniform in [0, 1), one row for each image, in the order in which the reference draws them.
 */
export interface SquareMoves {
  /** How many random numbers the start of an image takes. */
  startDraws(shape: ImageShape): number
  /** The first point, in ball and box. draws: [batch, startDraws]. */
  start(origin: Tensor4D, draws: Tensor2D): Tensor4D
  /** How many random numbers a query takes. */
  queryDraws(shape: ImageShape): number
  /** The side of the window that query `query` (from 0) changes, in pixels. */
  side(query: number, shape: ImageShape): number
  /**
   * What queries compute of their random numbers alone, for many queries at once: leaves of [queries, …]. sides:
   * [queries, batch]; draws: [queries, batch, queryDraws].
   */
  prepared(sides: Tensor2D, draws: Tensor3D, shape: ImageShape): TensorTree
  /** The point to try next, in ball and box. `prepared`: of this query. */
  query(best: Tensor4D, origin: Tensor4D, prepared: TensorTree): Tensor4D
}

/** Share of the pixels that a window covers at first (`p_init`, autoattack.py:50). */
const firstShare = 0.8
/**
 * The share halves after each of these queries. They are those of 10,000 queries, however many there are
 * (`resc_schedule=False`; square.py:192, autoattack.py:51).
 */
const halvings = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000]

/** The share of the pixels that query `query` (from 0) changes. */
export function windowShare(query: number): number {
  return firstShare / 2 ** halvings.filter((last) => query > last).length
}

/** The side of a square window of that share, rounded half to even as Python does (square.py:255, :341). */
export function windowSide(query: number, [height, width]: ImageShape): number {
  const side = Math.sqrt(windowShare(query) * height * width)
  const below = Math.floor(side)
  return side - below === 0.5 ? below + (below % 2) : Math.round(side)
}

/** All sides that `windowSide` gives, however many queries there are. */
export function windowSides(shape: ImageShape): number[] {
  return [0, ...halvings.map((last) => last + 1)].map((query) => windowSide(query, shape))
}
