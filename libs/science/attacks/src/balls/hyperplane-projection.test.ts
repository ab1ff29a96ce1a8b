import { tf } from '@gauntlet/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { l1 } from './l1.ts'
import { l2 } from './l2.ts'
import { linf } from './linf.ts'

const width = 12
const float = (min: number, max: number) => fc.float({ min, max, noNaN: true })
const aPoint = fc.array(fc.oneof(float(0, 1), fc.constantFrom(0, 1)), { minLength: width, maxLength: width })
const aSlope = fc.array(fc.oneof(float(Math.fround(0.01), 2), float(-2, Math.fround(-0.01)), fc.constant(0)), {
  minLength: width,
  maxLength: width,
})
const sizes = {
  Linf: (values: number[]) => Math.max(...values.map(Math.abs)),
  L2: (values: number[]) => Math.hypot(...values),
  L1: (values: number[]) => values.reduce((sum, value) => sum + Math.abs(value), 0),
}
const balls = [linf(1), l2(1), l1(1)].map((ball) => [ball.norm, ball] as const)
const dot = (one: readonly number[], other: readonly number[]) =>
  one.reduce((sum, value, i) => sum + value * other[i]!, 0)

it.each([l2(1), l1(1)])('counts slopes below 1e-8 as 0 in the $norm norm', (ball) => {
  for (const gap of [0.25, 1000]) {
    const offset = tf.tidy(() =>
      ball.towardsHyperplane(tf.tensor2d([[0.5, 0.5]]), tf.tensor2d([[1e-9, 1]]), tf.tensor1d([gap])).dataSync(),
    )
    expect(Math.abs(offset[0]!)).toBe(0)
    expect(offset[1]).toBeCloseTo(-Math.min(gap, 0.5), 6)
  }
})

describe.each(balls)('the offset towards a hyperplane in the %s norm', (norm, ball) => {
  const offsetOf = (point: number[], slope: number[], gap: number) =>
    tf.tidy(() => [
      ...ball.towardsHyperplane(tf.tensor2d([point]), tf.tensor2d([slope]), tf.tensor1d([gap])).dataSync(),
    ])

  it('stays in the box, reaches the hyperplane where the box does, and is no longer than another offset that does', () => {
    fc.assert(
      fc.property(aPoint, aPoint, aSlope, (point, other, slope) => {
        const gap = dot(slope, point) - dot(slope, other) // so that `other`, in the box, lies on the hyperplane
        const offset = offsetOf(point, slope, gap)
        offset.forEach((value, i) => {
          expect(point[i]! + value).toBeGreaterThanOrEqual(-1e-6)
          expect(point[i]! + value).toBeLessThanOrEqual(1 + 1e-6)
        })
        expect(dot(slope, offset)).toBeCloseTo(-gap, 4)
        const rival = other.map((value, i) => value - point[i]!)
        expect(sizes[norm](offset)).toBeLessThanOrEqual(sizes[norm](rival) * (1 + 1e-4) + 1e-4)
      }),
    )
  })

  it('sends every coordinate to its bound where the hyperplane lies beyond the box', () => {
    fc.assert(
      fc.property(aPoint, aSlope, fc.constantFrom(-1, 1), (point, slope, sign) => {
        const offset = offsetOf(point, slope, sign * 1000)
        slope.forEach((steepness, i) => {
          const bound = steepness * sign > 0 ? 0 : 1
          expect(offset[i]).toBeCloseTo(steepness === 0 ? 0 : bound - point[i]!, 5)
        })
      }),
    )
  })

  it('goes all the way to the last corner of the box, and nowhere along a slope of 0', () => {
    const [one, half] = offsetOf([1, 1], [1, 0.5], 1.5)
    expect([one, half]).toEqual([expect.closeTo(-1, 6), expect.closeTo(-1, 6)])
    for (const gap of [0, 1]) offsetOf([0.5, 0.5], [0, 0], gap).forEach((value) => expect(Math.abs(value)).toBe(0))
  })

  it('is 0 for a point on the hyperplane', () => {
    fc.assert(
      fc.property(aPoint, aSlope, (point, slope) => {
        expect(sizes[norm](offsetOf(point, slope, 0))).toBeLessThan(1e-6)
      }),
    )
  })
})
