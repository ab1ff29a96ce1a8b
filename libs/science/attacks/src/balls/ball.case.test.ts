import { tf, type Tensor4D } from '@gauntlet/engine'
import { InvalidInput } from '@gauntlet/study'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Ball } from './ball.ts'
import { l1 } from './l1.ts'
import { l2 } from './l2.ts'
import { linf } from './linf.ts'
import { randomStart } from './random-start.fixture.ts'
import { someImages } from '../testing/arbitraries.ts'
import { imagesOf, rowsOf } from '../testing/tiny-models.ts'

const balls: [string, (epsilon: number) => Ball, number[]][] = [
  ['Linf', linf, [1 / 255, 0.3]],
  ['L2', l2, [0.01, 0.5, 4]],
  ['L1', l1, [0.05, 1, 12]],
]

const tolerance = 1e-6

describe.each(balls)('the %s ball', (norm, ballOf, radii) => {
  const cases = fc.tuple(someImages, fc.constantFrom(...radii))
  // In L1 a number is taken off lengths of up to 10, where float32 has steps of 1e-6.
  const rounding = norm === 'L1' ? tolerance : 1e-7

  function originsAndPoints(images: { image: Float32Array; offset: Float32Array }[]): {
    origin: Tensor4D
    point: Tensor4D
  } {
    const origin = imagesOf(images.map(({ image }) => image))
    return { origin, point: origin.add(imagesOf(images.map(({ offset }) => offset))) }
  }

  function expectInside(ball: Ball, point: Tensor4D, origin: Tensor4D): void {
    for (const size of ball.size(point.sub(origin)).dataSync())
      expect(size).toBeLessThanOrEqual(ball.epsilon * (1 + 1e-5) + rounding)
    for (const row of rowsOf(point)) row.forEach((value) => expect(value >= 0 && value <= 1).toBe(true))
  }

  it('has the name that studies give it', () => expect(ballOf(1).norm).toBe(norm))

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses the radius %s', (radius) => {
    expect(() => ballOf(radius)).toThrow(InvalidInput)
  })

  it('projects into ball and box', () => {
    fc.assert(
      fc.property(cases, ([images, radius]) =>
        tf.tidy(() => {
          const { origin, point } = originsAndPoints(images)
          expectInside(ballOf(radius), ballOf(radius).project(point, origin), origin)
        }),
      ),
    )
  })

  it('projects a projected point onto itself', () => {
    fc.assert(
      fc.property(cases, ([images, radius]) =>
        tf.tidy(() => {
          const { origin, point } = originsAndPoints(images)
          const once = ballOf(radius).project(point, origin)
          const twice = ballOf(radius).project(once, origin)
          expect(twice.sub(once).abs().max().dataSync()[0]).toBeLessThan(tolerance)
        }),
      ),
    )
  })

  it('has a steepest direction of unit size that no other of the same size beats', () => {
    fc.assert(
      fc.property(someImages, someImages, (images, others) =>
        tf.tidy(() => {
          const ball = ballOf(1)
          const gradient = imagesOf(images.map(({ offset }) => offset))
          const direction = ball.steepest(gradient)
          const gain = direction.mul(gradient).sum([1, 2, 3]).dataSync()
          const sizes = ball.size(direction).dataSync()
          const rival = imagesOf(images.map((_, i) => others[i % others.length]!.offset))
          const rivalGain = rival.mul(gradient).sum([1, 2, 3]).dataSync()
          const rivalSizes = ball.size(rival).dataSync()
          images.forEach(({ offset }, i) => {
            const zero = offset.every((value) => value === 0)
            expect(sizes[i]).toBeCloseTo(zero ? 0 : 1, 5)
            expect(rivalGain[i]!).toBeLessThanOrEqual(gain[i]! * rivalSizes[i]! * (1 + 1e-4) + 1e-6)
          })
        }),
      ),
    )
  })

  it('starts in ball and box, at the same point alone and in a batch', () => {
    fc.assert(
      fc.property(cases, fc.nat(), ([images, radius], seed) =>
        tf.tidy(() => {
          const ball = ballOf(radius)
          const { origin } = originsAndPoints(images)
          const digests = images.map((_, i) => `image ${i}`)
          const key = { seed, attack: 'test', restart: 1 }
          const together = randomStart(ball, origin, digests, key)
          expectInside(ball, together, origin)
          const alone = randomStart(ball, origin.slice([images.length - 1], [1]), digests.slice(-1), key)
          const apart = alone.sub(together.slice([images.length - 1], [1]))
          expect(apart.abs().max().dataSync()[0]).toBeLessThan(tolerance)
        }),
      ),
    )
  })

  it('starts elsewhere with another seed, another image, another restart or another attack', () => {
    tf.tidy(() => {
      const ball = ballOf(radii[0]!)
      const origin = tf.fill([1, 4, 4, 3], 0.5) as Tensor4D
      const starts = [
        randomStart(ball, origin, ['a'], { seed: 1, attack: 'x', restart: 0 }),
        randomStart(ball, origin, ['a'], { seed: 2, attack: 'x', restart: 0 }),
        randomStart(ball, origin, ['b'], { seed: 1, attack: 'x', restart: 0 }),
        randomStart(ball, origin, ['a'], { seed: 1, attack: 'x', restart: 1 }),
        randomStart(ball, origin, ['a'], { seed: 1, attack: 'y', restart: 0 }),
      ]
      expect(new Set(starts.map((start) => start.dataSync().join())).size).toBe(starts.length)
    })
  })
})

describe('random starts', () => {
  it('reach the border of the Linf ball with at least one pixel of every image', () => {
    tf.tidy(() => {
      const origin = tf.fill([3, 4, 4, 3], 0.5) as Tensor4D
      const start = randomStart(linf(0.1), origin, ['a', 'b', 'c'], { seed: 0, attack: 'test', restart: 0 })
      for (const size of linf(0.1).size(start.sub(origin)).dataSync()) expect(size).toBeCloseTo(0.1, 6)
    })
  })
})
