import { tf, type Tensor, type Tensor4D } from '@gauntlet/engine'
import { InvalidInput } from '@gauntlet/study'

/** How tfjs says that nothing it can differentiate leads from the points to the result (tfjs-core 4.22, engine.ts). */
const unconnected = /^Cannot compute gradient of y=f\(x\)/

/**
 * The gradient of `total`, a scalar, by the points; same shape. Throws `InvalidInput` where the result does not
 * depend on the points by operators that tfjs differentiates.
 */
export function gradientByPoints(total: (points: Tensor4D) => Tensor, points: Tensor4D): Tensor4D {
  try {
    return tf.grad((at) => total(at as Tensor4D))(points) as Tensor4D
  } catch (cause) {
    if (!(cause instanceof Error && unconnected.test(cause.message))) throw cause
    throw new InvalidInput(
      'The logits of the model have no gradient by its images; compute them from the images by operators of tfjs that it can differentiate.',
      { cause },
    )
  }
}
