import { tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { gatherTableRows, numbered, type Window } from './square-window.ts'

/** The power of 1 / k with which a bump's rings fall (square.py:151, :163). */
export type Falloff = 2 | 4

/**
 * One bump of `side` × `side`, row by row (`eta`, square.py:172, before it may be turned): two halves of concentric
 * rings, the lower one negative, of norm 1 together. It is computed in float64.
 */
export function bumpOfSide(falloff: Falloff, side: number): Float32Array {
  const values = new Float32Array(side ** 2)
  const both = halves(side)
  for (const [from, to, sign] of both) {
    const half = halfBump(falloff, to - from, side)
    const norm = normOf(falloff, half) * normOf(falloff, [...both.keys()].fill(1))
    values.set(
      half.map((height) => (sign * height) / norm),
      from * side,
    )
  }
  return values
}

/** The rows and the sign of each half of a bump; a bump of one pixel has no upper half. */
function halves(side: number): [from: number, to: number, sign: number][] {
  const middle = Math.floor(side / 2)
  const all: [number, number, number][] = [
    [0, middle, 1],
    [middle, side, -1],
  ]
  return all.filter(([from, to]) => to > from)
}

/**
 * The rings of a rectangle (`eta_rectangles`, square.py:143): a pixel at Chebyshev distance m from the middle has the
 * height Σ 1 / k^falloff over k from m + 1 to reach + 1, where `reach` is half of the rectangle's longer side.
 */
function halfBump(falloff: Falloff, rows: number, columns: number): number[] {
  const [middleRow, middleColumn] = [Math.floor(rows / 2), Math.floor(columns / 2)]
  const reach = Math.max(middleRow, middleColumn)
  const heights = new Array<number>(reach + 1)
  for (let m = reach, height = 0; m >= 0; m--) {
    const squared = (m + 1) ** 2
    heights[m] = height += 1 / (falloff === 2 ? squared : squared ** 2)
  }
  return Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns]
    return heights[Math.max(Math.abs(row - middleRow), Math.abs(column - middleColumn))]!
  })
}

function normOf(falloff: Falloff, values: readonly number[]): number {
  return falloff === 2 ? Math.hypot(...values) : values.reduce((sum, value) => sum + Math.abs(value), 0)
}

/** A table of bumps of several sides, each as it is and turned. */
export class BumpAtlas {
  /**
   * Each row holds one column of a bump from its top on, then 0 up to `length`. The first row is 0. `length` is one
   * more than the largest side. After all of them come their negatives.
   */
  private readonly columns: Float32Array
  private readonly length: number
  /** By side, the number of the row that holds the first column of its bump. The turned bump follows. */
  private readonly firstColumns: number[] = []

  constructor(falloff: Falloff, sides: Iterable<number>) {
    const all = [...new Set(sides)]
    this.length = Math.max(...all) + 1
    const columns = [new Float32Array(this.length)]
    for (const side of all) {
      this.firstColumns[side] = columns.length
      const bump = bumpOfSide(falloff, side)
      const column = (first: number, step: number) =>
        Float32Array.from({ length: this.length }, (_, i) => (i < side ? bump[first + i * step]! : 0))
      for (let i = 0; i < side; i++) columns.push(column(i, side))
      for (let i = 0; i < side; i++) columns.push(column(i * side, 1))
    }
    const positive = columns.flatMap((column) => [...column])
    this.columns = Float32Array.from([...positive, ...positive.map((height) => -height)])
  }

  /**
   * A bump in the window of every image, and 0 outside; with its halves side by side where `turned` [batch, 1] holds,
   * and upside down in channels whose sign is below 0. sides: [batch], of the atlas; signs: [batch, channels] → [batch,
   * height, width, channels]. Two gathers of whole rows make it: the first brings columns to where they belong, the
   * second, with rows and columns exchanged, the rows.
   */
  bump({ rows, columns }: Window, sides: Tensor1D, turned: Tensor2D, signs: Tensor2D): Tensor4D {
    const { length } = this
    const count = this.columns.length / length
    const [batch, height] = rows.offsets.shape
    const [width, channels] = [columns.offsets.shape[1], signs.shape[1]]
    const first = tf
      .gather(tf.tensor1d(Float32Array.from(this.firstColumns, (row) => row ?? 0)), sides.toInt())
      .add(turned.toFloat().squeeze([1]).mul(sides))
    const column = columns.offsets.add(first.reshape([batch, 1])).mul<Tensor>(columns.inside)
    const negative = signs
      .less(0)
      .toFloat()
      .mul<Tensor>(count / 2)
    const inColumns = gatherTableRows(
      tf.tensor2d(this.columns, [count, length]),
      column
        .reshape([batch, width, 1])
        .add(negative.reshape([batch, 1, channels]))
        .reshape([batch, width * channels]),
    )
    const byRow = inColumns.transpose([0, 2, 1]).reshape<Tensor2D>([batch * length, width * channels])
    const below = length - 1
    const row = rows.offsets
      .sub(below)
      .mul(rows.inside)
      .add(below)
      .add(numbered(batch, 0, length)) as Tensor2D
    return gatherTableRows(byRow, row).reshape([batch, height, width, channels])
  }
}
