import { tf, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { clippedSumRoot } from './root-finding.ts'

/**
 * The nearest point, in Euclidean distance, that lies in the box [0, 1] and whose offset from `origin` has an L1 norm
 * of at most `radius`, [batch]. Projecting onto the ball and then onto the box does not give it (arXiv:2103.01208,
 * proposition 2.2). point, origin: [batch, height, width, channels]; same shape out.
 *
 * With y = point − origin and c the room from the origin to the box on y's side, the offset is sign(y) · clip(|y| − λ,
 * 0, c). λ is 0 if that is in the ball already, else the root of Σ clip(|y| − λ, 0, c) = radius, a sum that falls in λ.
 * The reference sorts twice as many numbers as an image has coordinates (autopgd_base.py:38); this form needs only
 * sums.
 */
export function projectOntoL1AndBox(point: Tensor4D, origin: Tensor4D, radius: Tensor1D): Tensor4D {
  return tf.tidy(() => {
    const [batch, height, width, channels] = origin.shape
    const rows = [batch, height * width * channels] as [number, number]
    const offset = point.sub(origin).reshape<Tensor2D>(rows)
    const from = origin.reshape<Tensor2D>(rows)
    const room = tf.where(offset.greater(0), tf.scalar(1).sub(from), from) as Tensor2D
    const length = offset.abs<Tensor2D>()
    const shrunk = shrink(length, room, clippedSumRoot(length, room, radius.reshape([-1, 1])))
    return from.add(offset.sign().mul(shrunk)).clipByValue(0, 1).reshape(origin.shape)
  })
}

/** clip(|y| − λ, 0, c). λ: [batch, 1]. */
function shrink(length: Tensor2D, room: Tensor2D, by: Tensor2D): Tensor2D {
  return length.sub(by).relu().minimum<Tensor2D>(room)
}
