import { tf, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import type { Window } from './square-window.ts'

/** How fast a bump's rings fall: as 1 / k to this power (square.py:151, :163). */
export type Falloff = 2 | 4

/**
 * One bump of `side` × `side`, row by row (`eta`, square.py:172, before it may be turned): two halves of concentric rings, the lower one negative, of norm 1. Computed in
 * float64.
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

/** Rows and sign of a bump's halves; a bump of one pixel has no upper half. */
function halves(side: number): [from: number, to: number, sign: number][] {
  const middle = Math.floor(side / 2)
  const all: [number, number, number][] = [
    [0, middle, 1],
    [middle, side, -1],
  ]
  return all.filter(([from, to]) => to > from)
}

/**
 * The rings of a rectangle (`eta_rectangles`, square.py:143): where its longer half is `reach`, a pixel at Chebyshev distance m from the middle has the height
 * Σ 1 / k^falloff over k from m + 1 to reach + 1.
 */
function halfBump(falloff: Falloff, rows: number, columns: number): number[] {
  const [middleRow, middleColumn] = [Math.floor(rows / 2), Math.floor(columns / 2)]
  const reach = Math.max(middleRow, middleColumn)
  const heights = new Array<number>(reach + 1)
  for (let m = reach, height = 0; m >= 0; m--) heights[m] = height += 1 / (m + 1) ** falloff
  return Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns]
    return heights[Math.max(Math.abs(row - middleRow), Math.abs(column - middleColumn))]!
  })
}

function normOf(falloff: Falloff, values: readonly number[]): number {
  return falloff === 2 ? Math.hypot(...values) : values.reduce((sum, value) => sum + Math.abs(value), 0)
}

/** Bumps of some sides, each as it is and turned, in one table of which a window anywhere is a look-up. */
export class BumpAtlas {
  /** 0, then the bumps one after the other. */
  private readonly heights: number[] = [0]
  /** By side: where its bump begins. The turned one follows. */
  private readonly starts: number[] = []

  constructor(falloff: Falloff, sides: Iterable<number>) {
    for (const side of new Set(sides)) {
      this.starts[side] = this.heights.length
      const bump = bumpOfSide(falloff, side)
      for (const height of bump) this.heights.push(height)
      for (let i = 0; i < bump.length; i++) this.heights.push(bump[(i % side) * side + Math.floor(i / side)]!)
    }
  }

  /**
   * A bump in the window of every image, 0 outside; where `turned` [batch, 1] holds, with its halves side by side. sides: [batch], of the atlas;
   * → [batch, height, width, 1].
   */
  bump({ rows, columns, mask }: Window, sides: Tensor1D, turned: Tensor2D): Tensor4D {
    const side = sides.reshape([-1, 1, 1])
    const first = tf.gather(tf.tensor1d(Float32Array.from(this.starts, (start) => start ?? 0)), sides.toInt())
    const begins = first.reshape([-1, 1, 1]).add(turned.toFloat().reshape([-1, 1, 1]).mul(side.square()))
    const place = rows.mul(side).add(begins).add(columns).reshape(mask.shape).mul(mask)
    return tf.gather(tf.tensor1d(this.heights), place.toInt()) as unknown as Tensor4D
  }
}
