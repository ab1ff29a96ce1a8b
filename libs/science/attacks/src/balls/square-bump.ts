import { tf, type Tensor, type Tensor2D, type Tensor3D, type Tensor4D } from '@gauntlet/engine'
import { gatherTableRows, numbered, type Windows } from './square-window.ts'

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
  return falloff === 2
    ? Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0))
    : values.reduce((sum, value) => sum + Math.abs(value), 0)
}

/** Where bumps lie, as numbers of the rows that are gathered (int32). */
export type PlacedBumps = {
  /** The atlas's column of each column and channel, [batch, width · channels]. */
  readonly columns: Tensor
  /** The row of each row among those columns' rows, [batch, height]. */
  readonly rows: Tensor
}

/** A table of bumps of several sides, each as it is and turned. */
export class BumpAtlas {
  /**
   * Each row holds one column of a bump from its top on, then 0 up to `length`. The first row is 0. `length` is one
   * more than the largest side. After all of them come their negatives.
   */
  private readonly columns: Float32Array
  private readonly length: number
  /** How many columns there are. */
  private readonly count: number
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
    this.count = this.columns.length / this.length
  }

  /**
   * The bumps in some windows, and 0 outside; with their halves side by side where `turned` [queries, batch] holds, and
   * upside down in channels whose sign is below 0. sides: [queries, batch], of the atlas; signs: [queries, batch,
   * channels]. Each tensor has a first axis for the queries.
   */
  placed({ rows, columns }: Windows, sides: Tensor2D, turned: Tensor2D, signs: Tensor3D): PlacedBumps {
    const { length, count } = this
    const [[queries, batch, width], channels] = [columns.offsets.shape, signs.shape[2]]
    const first = tf
      .gather(tf.tensor1d(Float32Array.from(this.firstColumns, (row) => row ?? 0)), sides.toInt())
      .add(turned.toFloat().mul(sides))
    const column = columns.offsets.add(first.reshape([queries, batch, 1])).mul<Tensor>(columns.inside)
    const negative = signs
      .less(0)
      .toFloat()
      .mul<Tensor>(count / 2)
    const below = length - 1
    return {
      columns: column
        .reshape([queries, batch, width, 1])
        .add(negative.reshape([queries, batch, 1, channels]))
        .reshape([queries, batch, width * channels])
        .toInt(),
      rows: rows.offsets
        .sub(below)
        .mul(rows.inside)
        .add(below)
        .add(numbered(batch, 0, length))
        .toInt(),
    }
  }

  /**
   * The images of one query's bumps, of this shape. Two gathers of whole rows make them: the first brings columns to
   * where they belong, the second, with rows and columns exchanged, the rows.
   */
  bumps({ columns, rows }: PlacedBumps, shape: Tensor4D['shape']): Tensor4D {
    const { length, count } = this
    const [batch, , width, channels] = shape
    const inColumns = gatherTableRows(tf.tensor2d(this.columns, [count, length]), columns as Tensor2D)
    const byRow = inColumns.transpose([0, 2, 1]).reshape<Tensor2D>([batch * length, width * channels])
    return gatherTableRows(byRow, rows as Tensor2D).reshape(shape)
  }
}
