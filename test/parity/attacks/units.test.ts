import {
  differenceOfLogitsRatio,
  l1,
  l2,
  linf,
  targetedDifferenceOfLogitsRatio,
  windowShare,
  type Ball,
  type Loss,
} from '@gauntlet/attacks'
import { tf, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { describe, expect, it } from 'vitest'
import { fixtures, unpacked } from './fixtures.ts'

const { units } = fixtures
/** Largest difference between the reference's formulas in float64 and ours in float32. */
const tolerance = 1e-6

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, within = tolerance): void {
  expect(found).toHaveLength(expected.length)
  for (let i = 0; i < expected.length; i++) expect(Math.abs(found[i]! - expected[i]!)).toBeLessThanOrEqual(within)
}

const labels = tf.tensor1d(units.ratios.labels, 'int32')
const targets = tf.tensor1d(units.ratios.targets, 'int32')
const ratios: [string, Loss, string, string][] = [
  ['difference of logits ratio', differenceOfLogitsRatio, units.ratios.plain, units.ratios.plainGradient],
  ['targeted one', targetedDifferenceOfLogitsRatio, units.ratios.targeted, units.ratios.targetedGradient],
]

describe("AutoAttack's losses", () => {
  it.each(ratios)('the %s, and its gradient', (_, loss, values, gradients) => {
    tf.tidy(() => {
      const logits = tf.tensor2d(unpacked(units.ratios.logits), [8, 7])
      expectClose(loss(logits, labels, targets).dataSync(), unpacked(values))
      const gradient = tf.grad((at) => loss(at as Tensor2D, labels, targets).sum())(logits)
      expectClose(gradient.dataSync(), unpacked(gradients))
    })
  })
})

describe("AutoAttack's projections", () => {
  it.each(units.l1Projection)('onto the L1 ball of radius $epsilon and the box', ({ epsilon, projected }) => {
    tf.tidy(() => {
      const shape: [number, number, number, number] = [5, 4, 4, 3]
      const images = tf.tensor4d(unpacked(units.l1ProjectionInputs.images), shape)
      const points = images.add<Tensor4D>(tf.tensor4d(unpacked(units.l1ProjectionInputs.offsets), shape))
      expectClose(l1(epsilon).project(points, images).dataSync(), unpacked(projected))
    })
  })

  const balls: Ball[] = [linf(1), l2(1), l1(1)]
  it.each(balls.map((ball) => [ball.norm, ball] as const))('of FAB onto a hyperplane and the box, %s', (norm, ball) => {
    tf.tidy(() => {
      const { points, slopes, levels } = units.hyperplanes
      const rows = (packed: string) => tf.tensor2d(unpacked(packed), [12, 40])
      const [x, w, b] = [points, slopes, levels].map(unpacked) as [Float32Array, Float32Array, Float32Array]
      const gaps = [...b].map((level, row) =>
        w.subarray(40 * row, 40 * row + 40).reduce((sum, slope, i) => sum + slope * x[40 * row + i]!, -level),
      )
      const offset = ball.towardsHyperplane(rows(points), rows(slopes), tf.tensor1d(gaps))
      expectClose(offset.dataSync(), unpacked(units.hyperplanes[norm]))
    })
  })
})

describe("AutoAttack's Square", () => {
  it('covers the shares of the image that p_selection gives', () => {
    expect(units.windows.queries.map(windowShare)).toEqual(units.windows.shares)
  })

  it.each(Object.entries(units.windows.sides))('has windows of its sides at %s pixels', (side, sides) => {
    const shape = [Number(side), Number(side), 3] as const
    expect(units.windows.queries.map((query) => linf(1).squares.side(query, shape))).toEqual(sides)
    const odd = sides.map((value) => Math.min(Math.max(value, 3) + ((Math.max(value, 3) + 1) % 2), Number(side)))
    expect(units.windows.queries.map((query) => l2(1).squares.side(query, shape))).toEqual(odd)
  })

  it.each(Object.entries(units.bumps))('has its bump: %s', (name, packed) => {
    const [norm, side] = [name.split(' ')[0], Number(name.split(' ')[1])]
    const ball = norm === 'L2' ? l2(1e-3) : l1(1e3)
    tf.tidy(() => {
      // The start of a grey image has five by five tiles. The first holds the bump, but for its scale in the L2 ball.
      const grey = tf.fill([1, side * 5, side * 5, 1], 0.5) as Tensor4D
      const draws = tf.tile(tf.tensor2d([[0, 1]]), [1, 25]) as Tensor2D // not turned, sign +
      const start = ball.squares.start(grey, draws).sub(grey).slice([0, 0, 0, 0], [1, side, side, 1])
      const scale = norm === 'L2' ? 5 / 1e-3 : 1
      const expected = unpacked(packed)
      expectClose(
        start.mul(scale).dataSync(),
        expected.map((value) => (norm === 'L2' ? value : Math.min(Math.max(value, -0.5), 0.5))),
        norm === 'L2' ? 1e-3 : tolerance,
      )
    })
  })
})
