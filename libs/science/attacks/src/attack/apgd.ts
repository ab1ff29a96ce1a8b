import { inOrderOf, loop, tf, type Scalar, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import { apgdStepInputs, stepInputsAt } from './apgd-step-inputs.ts'
import { apgdStart, apgdStep } from './apgd-step.ts'
import type { ApgdState } from '../balls/ascent.ts'
import type { Ball } from '../balls/ball.ts'
import { crossEntropy, type LogitsFunction, type Loss } from './loss.ts'

/** A single run of APGD on a batch, as adversarial training uses it. */
export interface ApgdRun {
  readonly logits: LogitsFunction
  readonly ball: Ball
  readonly iterations: number
  /** [batch, height, width, channels] in [0, 1]. */
  readonly images: Tensor4D
  /** [batch], int32. */
  readonly labels: Tensor1D
  /** `clean`: the images themselves; otherwise points in ball and box. */
  readonly start: 'clean' | Tensor4D
  /** Cross-entropy unless given. */
  readonly loss?: Loss
}

/**
 * The points of highest loss that APGD finds, the start included; same shape as the images. All iterations are run for
 * all images. A captured program holds the model twice, however many iterations there are: once in the loop, and once
 * for the last point, whose gradient is not needed.
 */
export function apgd({ logits, ball, iterations, images, labels, start, loss = crossEntropy }: ApgdRun): Tensor4D {
  return tf.tidy(() => {
    const settings = { ball, loss }
    const inputs = apgdStepInputs(ball, iterations)
    const problem = { logits, images, labels, targets: labels }
    const step = (state: ApgdState, number: Scalar): ApgdState =>
      inOrderOf(state, apgdStep(settings, problem, state, stepInputsAt(inputs, number, images.shape[0])).state)
    const first = apgdStart(settings, start === 'clean' ? images : start, images)
    const nearly = loop(iterations, first, step)
    return step(nearly, tf.scalar(iterations, 'int32')).best
  })
}
