import { tf } from '@gauntlet/engine'
import type { Ball } from '../balls/ball.ts'

/** What the model predicts at one point, and how far the point lies from its image. */
export interface PointPrediction {
  /** The class of the largest logit. */
  readonly prediction: number
  /** Logit of the label minus the largest other one; below 0 the point is misclassified. */
  readonly margin: number
  /** The norm of the point's offset from the image, in the attack's ball. */
  readonly distance: number
}

/**
 * What an attack did to one image, with the prediction at the deciding point: the first misclassified point, or the one
 * of lowest margin where the image held.
 */
export interface Verdict extends PointPrediction {
  readonly held: boolean
}

/** The model answered with NaN or infinity, since its training diverged; a retry does not help. */
export class LogitsNotFinite extends Error {
  override readonly name = 'Diverged'

  constructor(image: string) {
    super(`The model's logits for image ${image} are not finite; evaluate a checkpoint that has not diverged.`)
  }
}

/** An attack left its ball: a fault of this program. No number that is taken there means anything. */
export class OutsideBall extends Error {
  override readonly name = 'OutsideBall'
}

/** By which part float32 rounding may raise a sum over an image above its true value. */
const sumRounding = 1e-5
/** By how much float32 rounding may move one pixel channel in [0, 1]. */
const channelRounding = 2 ** -24

/** The largest norm that a point of the ball can seem to have in float32; image: [height, width, channels]. */
export function reachOf(ball: Ball, image: readonly [number, number, number]): number {
  const rounding = tf.tidy(() => ball.size(tf.fill([1, ...image], channelRounding)).dataSync()[0]!)
  return ball.epsilon * (1 + sumRounding) + rounding
}

/** Refuses logits that are not numbers, whose largest means nothing. */
export function requireFinite(point: PointPrediction, image: string): PointPrediction {
  if (Number.isFinite(point.margin)) return point
  throw new LogitsNotFinite(image)
}

/** Refuses a point that is not in the ball or has no finite logits: no verdict may be made of it. */
export function requireInside(point: PointPrediction, image: string, { norm }: Ball, reach: number): PointPrediction {
  requireFinite(point, image)
  if (!(point.distance <= reach)) {
    throw new OutsideBall(
      `A point for image ${image} has ${norm} norm ${point.distance}, above ${reach}; report this as a bug.`,
    )
  }
  return point
}

/** The verdict after one more point: the first misclassified point decides, until then the one of lowest margin. */
export function verdictAfter(verdict: Verdict | null, point: PointPrediction, label: number): Verdict {
  if (verdict && !verdict.held) return verdict
  if (point.prediction !== label) return { held: false, ...point }
  return verdict && verdict.margin <= point.margin ? verdict : { held: true, ...point }
}
