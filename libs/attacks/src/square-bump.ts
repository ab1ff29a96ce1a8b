import { tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import type { Window } from './square-window.ts'

/**
 * The rings of Square's bumps (`eta_rectangles`, square.py:143): in a rectangle whose longer half is `reach`, a pixel at Chebyshev distance m from the middle has
 * the height Σ 1 / k^falloff over k from m + 1 to reach + 1.
 */
export class BumpTable {
  readonly size: number
  /** Height by reach and distance, [size · size]; summed in float64. */
  private readonly heights: Float32Array
  constructor(
    readonly falloff: 2 | 4,
    largestSide: number,
  ) {
    this.size = Math.floor(largestSide / 2) + 1
    this.heights = new Float32Array(this.size ** 2)
    for (let reach = 0; reach < this.size; reach++) {
      for (let m = reach, height = 0; m >= 0; m--) {
        height += 1 / (m + 1) ** falloff
        this.heights[reach * this.size + m] = height
      }
    }
  }

  asTensor(): Tensor1D {
    return tf.tensor1d(this.heights)
  }

  height(reach: number, distance: number): number {
    return this.heights[reach * this.size + distance]!
  }

  /** One bump of `side` × `side` in plain numbers, row by row (`eta`, square.py:172, before it may be turned): the lower half negative, of norm 1. */
  whole(side: number): Float32Array {
    const values = new Float32Array(side ** 2)
    for (const [from, to, sign] of halves(side)) {
      const reach = Math.max(Math.floor((to - from) / 2), Math.floor(side / 2))
      const rows = Array.from({ length: to - from }, (_, i) => Math.abs(i - Math.floor((to - from) / 2)))
      const half = rows.flatMap((row) =>
        Array.from({ length: side }, (_, j) => this.height(reach, Math.max(row, Math.abs(j - Math.floor(side / 2))))),
      )
      const norm = this.norm(half) * this.norm(halves(side).map(() => 1))
      values.set(
        half.map((height) => (sign * height) / norm),
        from * side,
      )
    }
    return values
  }

  private norm(values: readonly number[]): number {
    return this.falloff === 2 ? Math.hypot(...values) : values.reduce((sum, value) => sum + Math.abs(value), 0)
  }
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
 * A bump in the window of every image, 0 outside; where `turned` [batch, 1] holds, with its halves side by side. sides: [batch]; → [batch, height, width, 1]. Computed
 * from distances, so that windows of any sides and places are one computation of fixed shapes.
 */
export function bumpOf(table: BumpTable, { rows, columns, mask }: Window, sides: Tensor1D, turned: Tensor2D): Tensor4D {
  const side = sides.reshape([-1, 1, 1])
  const isTurned = turned.reshape([-1, 1, 1])
  const shape = mask.squeeze([3]).shape
  const spread = (places: Tensor) => places.broadcastTo(shape)
  const across = tf.where(isTurned.broadcastTo(shape), spread(columns), spread(rows)) // along which the halves lie
  const along = tf.where(isTurned.broadcastTo(shape), spread(rows), spread(columns))
  const middle = side.div(2).floor()
  const lower = across.greaterEqual(middle)
  const inHalf = tf.where(lower, across.sub(middle), across)
  const thickness = tf.where(lower, spread(side.sub(middle)), spread(middle))
  const halfThickness = thickness.div(2).floor()
  const distance = inHalf.sub(halfThickness).abs().maximum(along.sub(middle).abs())
  const place = halfThickness
    .maximum(middle)
    .mul(table.size)
    .add(distance)
    .clipByValue(0, table.size ** 2 - 1)
    .toInt()
  const inside = mask.squeeze([3])
  const heights = tf.gather(table.asTensor(), place).mul(inside)
  const [upperPart, lowerPart] = [heights.mul(lower.logicalNot().toFloat()), heights.mul(lower.toFloat())]
  const bump = unit(upperPart, table.falloff).sub(unit(lowerPart, table.falloff))
  return unit(bump, table.falloff).reshape<Tensor4D>(mask.shape)
}

/** Each image divided by its norm; zeros stay zeros. */
function unit(values: Tensor, falloff: 2 | 4): Tensor {
  const norm = falloff === 2 ? values.square().sum([1, 2], true).sqrt() : values.abs().sum([1, 2], true)
  return values.div(norm.maximum(1e-30))
}
