import { mapTensors, tf, uniform, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Ball } from './ball.ts'
import { l1 } from './l1.ts'
import { l2 } from './l2.ts'
import { linf } from './linf.ts'
import { imagesOf, rowsOf } from '../testing/tiny-models.ts'
import { someImages } from '../testing/arbitraries.ts'

const shape = [4, 4, 3] as const
const balls: [string, (epsilon: number) => Ball, number[]][] = [
  ['Linf', linf, [0.02, 0.3]],
  ['L2', l2, [0.1, 2]],
  ['L1', l1, [0.5, 12]],
]

describe.each(balls)('the squares of the %s ball', (_, ballOf, radii) => {
  const draws = (rows: number, width: number, seed: number, first = 0) => {
    const values = Array.from({ length: rows }, (_unused, row) => [
      ...uniform({ seed: seed + first + row, purpose: 'test/draws' }, width),
    ])
    return tf.tensor2d(values, [rows, width])
  }

  function queried(ball: Ball, best: Tensor4D, origin: Tensor4D, sides: Tensor1D, drawn: Tensor2D): Tensor4D {
    const prepared = ball.squares.prepared(sides.expandDims(0), drawn.expandDims(0), shape)
    return ball.squares.query(
      best,
      origin,
      mapTensors(prepared, (ofQueries) => ofQueries.squeeze([0])),
    )
  }

  function expectInside(ball: Ball, point: Tensor4D, origin: Tensor4D): void {
    for (const size of ball.size(point.sub(origin)).dataSync())
      expect(size).toBeLessThanOrEqual(ball.epsilon * (1 + 1e-5) + 1e-7)
    for (const row of rowsOf(point)) row.forEach((value) => expect(value >= 0 && value <= 1).toBe(true))
  }

  it('start and stay in ball and box, query after query', () => {
    fc.assert(
      fc.property(someImages, fc.constantFrom(...radii), fc.nat(1000), (images, radius, seed) =>
        tf.tidy(() => {
          const ball = ballOf(radius)
          const origin = imagesOf(images.map(({ image }) => image))
          let point = ball.squares.start(origin, draws(images.length, ball.squares.startDraws(shape), seed))
          expectInside(ball, point, origin)
          for (const query of [0, 20, 300]) {
            const sides = tf.fill([images.length], ball.squares.side(query, shape)) as Tensor1D
            const drawn = draws(images.length, ball.squares.queryDraws(shape), seed + query)
            point = queried(ball, point, origin, sides, drawn)
            expectInside(ball, point, origin)
          }
        }),
      ),
      { numRuns: 25 },
    )
  })

  it('are prepared for the largest images that a study may have', () => {
    tf.tidy(() => {
      const [squares, large] = [ballOf(1).squares, [1024, 1024, 1] as const]
      const sides = tf.fill([1, 1], squares.side(0, large)) as Tensor2D
      const prepared = squares.prepared(sides, draws(1, squares.queryDraws(large), 0).expandDims(0), large)
      expect(Object.keys(prepared).length).toBeGreaterThan(0)
    })
  })

  it('treat an image alone as in a batch, whatever sides the others have', () => {
    tf.tidy(() => {
      const ball = ballOf(radii[1]!)
      const origin = imagesOf(
        fc
          .sample(someImages, { seed: 4, numRuns: 3 })
          .flat()
          .slice(0, 3)
          .map(({ image }) => image),
      )
      const [start, query] = [draws(3, ball.squares.startDraws(shape), 5), draws(3, ball.squares.queryDraws(shape), 9)]
      const sides = tf.tensor1d([3, 4, 3])
      const together = queried(ball, ball.squares.start(origin, start), origin, sides, query)
      const row = <T extends Tensor2D | Tensor4D>(tensor: T) => tensor.slice([1], [1]) as T
      const alone = queried(
        ball,
        ball.squares.start(row(origin), row(start)),
        row(origin),
        sides.slice([1], [1]),
        row(query),
      )
      expect(
        alone
          .sub(together.slice([1], [1]))
          .abs()
          .max()
          .dataSync()[0],
      ).toBeLessThan(1e-6)
    })
  })
})
