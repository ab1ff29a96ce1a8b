import { tf, type Tensor3D, type Tensor4D } from '@gauntlet/engine'
import { windowSide, type SquareMoves } from './square-moves.ts'
import { filledWindow, fillOf, signsOf, windowsAt, type WindowFill } from './square-window.ts'

/**
 * Square in the Linf ball (Andriushchenko et al., arXiv:1912.00049, algorithm 2; fra31/auto-attack@a3922004,
 * square.py:233 to :303). It starts from vertical stripes of ±ε; each query then moves the channels of one square by
 * ±2ε and clips the point into the ball.
 *
 * Departure, in all norms: each image has its own windows and signs. The reference draws one window for all images of a
 * batch, so that what it does to an image depends on the rest of the batch.
 */
export function stripesAndSquares(epsilon: number): SquareMoves {
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

    prepared(sides, draws, shape): WindowFill {
      const [corners, signs] = tf.split(draws, [2, shape[2]], 2) as [Tensor3D, Tensor3D]
      return fillOf(windowsAt(shape, sides, corners), signsOf(signs).mul<Tensor3D>(2 * epsilon))
    },

    query(best, origin, prepared) {
      const [lowest, highest] = [origin.sub(epsilon).maximum(0), origin.add(epsilon).minimum(1)]
      const moved = best.add<Tensor4D>(filledWindow(prepared as WindowFill, origin.shape))
      return moved.maximum<Tensor4D>(lowest).minimum<Tensor4D>(highest)
    },
  }
}
