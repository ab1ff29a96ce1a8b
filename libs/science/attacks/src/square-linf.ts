import { tf, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { windowSide, type SquareMoves } from './square-moves.ts'
import { filledWindow, signsOf, windowAt } from './square-window.ts'

/**
 * Square in the Linf ball (Andriushchenko et al., arXiv:1912.00049, algorithm 2; fra31/auto-attack@a3922004,
 * square.py:233 to :303). It starts from vertical stripes of ±ε; each query then moves the channels of one square by
 * ±2ε and clips the point into the ball.
 *
 * Departure, in all norms: each image has its own windows and signs. The reference draws one window for all images of a
 * batch, so that what it does to an image depends on the rest of the batch.
 */
export function stripesAndSquares(epsilon: number): SquareMoves {
  const clip = (point: Tensor4D, origin: Tensor4D) =>
    point.maximum(origin.sub(epsilon)).minimum(origin.add(epsilon)).clipByValue(0, 1) as Tensor4D
  return {
    startDraws: ([, width, channels]) => width * channels,

    start(origin, draws) {
      const [batch, , width, channels] = origin.shape
      const stripes = draws.mul(2).sub(1).sign().mul(epsilon).reshape([batch, 1, width, channels])
      return origin.add(stripes).clipByValue(0, 1) as Tensor4D
    },

    queryDraws: ([, , channels]) => 2 + channels,

    /** The side is at least one pixel and at most the image's (:255, :256). */
    side: (query, shape) => Math.min(Math.max(windowSide(query, shape), 1), shape[0], shape[1]),

    query(best, origin, sides, draws) {
      const [corner, signs] = tf.split(draws, [2, draws.shape[1] - 2], 1) as [Tensor2D, Tensor2D]
      const moved = filledWindow(windowAt(origin, sides, corner), signsOf(signs).mul<Tensor2D>(2 * epsilon))
      return clip(best.add(moved), origin)
    },
  }
}
