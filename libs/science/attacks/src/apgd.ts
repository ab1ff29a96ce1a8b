import { inOrderOf, loop, tf, type Scalar, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import { apgdMoments, cuesAt } from './apgd-moments.ts'
import { apgdStart, apgdStep } from './apgd-step.ts'
import type { ApgdState } from './ascent.ts'
import type { Ball } from './ball.ts'
import { crossEntropy, type LogitsFunction, type Loss } from './loss.ts'

/** What an attack of training is told. */
export interface ApgdRun {
  readonly logits: LogitsFunction
  readonly ball: Ball
  readonly iterations: number
  /** [batch, height, width, 3] in [0, 1]. */
  readonly images: Tensor4D
  /** [batch], int32. */
  readonly labels: Tensor1D
  /** `clean`: from the images themselves, as adversarial training does; otherwise points inside ball and box. */
  readonly start: 'clean' | Tensor4D
  /** Cross-entropy unless told otherwise. */
  readonly loss?: Loss
}

/**
 * The iterates of highest loss that APGD finds, the start included; same shape as the images. All iterations are run
 * for all images. In a program the model is there twice, however many iterations there are: in a loop, and at the end
 * without a gradient, which nothing follows from.
 */
export function apgd({ logits, ball, iterations, images, labels, start, loss = crossEntropy }: ApgdRun): Tensor4D {
  return tf.tidy(() => {
    const climb = { ball, loss }
    const moments = apgdMoments(ball, iterations)
    const target = { logits, images, labels, targets: labels }
    const step = (state: ApgdState, number: Scalar): ApgdState =>
      inOrderOf(state, apgdStep(climb, target, state, cuesAt(moments, number, images.shape[0])).state)
    const nearly = loop(iterations, apgdStart(climb, start === 'clean' ? images : start, images), step)
    return step(nearly, tf.scalar(iterations, 'int32')).best
  })
}
