import { tf } from '@gauntlet/engine'
import type { Ball } from './ball.ts'

/** What an attack did to one image. */
export interface Verdict {
  readonly held: boolean
  /**
   * The class at the deciding point: the first misclassified iterate, or the one of lowest margin where the image held.
   */
  readonly prediction: number
  /** Logit of the label minus the largest other, at that point. */
  readonly margin: number
  /** The norm of that point's offset from the image, in the attack's ball. */
  readonly distance: number
}

/** What the host learns of one iterate of one image. */
export interface Sighting {
  readonly prediction: number
  readonly margin: number
  readonly distance: number
}

/** The model answered with NaN or infinity: its training diverged; a retry does not help. */
export class LogitsNotFinite extends Error {
  override readonly name = 'Diverged'
}

/** An attack left its ball: a fault of this program, since no number taken there would mean anything. */
export class OutsideBall extends Error {
  override readonly name = 'OutsideBall'
}

/** How far beyond epsilon, relatively, float32 rounding of a sum over an image may seem to reach. */
const sumRounding = 1e-5
/** How far float32 rounding may move one pixel channel in [0, 1]. */
const channelRounding = 2 ** -24

/** The norm that rounding may seem to give points of the ball; image: [height, width, 3]. */
export function reachOf(ball: Ball, image: readonly [number, number, number]): number {
  const rounding = tf.tidy(() => ball.size(tf.fill([1, ...image], channelRounding)).dataSync()[0]!)
  return ball.epsilon * (1 + sumRounding) + rounding
}

/** Refuses logits that are not numbers: their largest means nothing. */
export function requireFinite(sighting: Sighting, image: string): Sighting {
  if (Number.isFinite(sighting.margin)) return sighting
  throw new LogitsNotFinite(
    `The model's logits for image ${image} are not finite; evaluate a checkpoint that has not diverged.`,
  )
}

/** Refuses a sighting that must not become a number in a table. */
export function requireSound(sighting: Sighting, image: string, { norm }: Ball, reach: number): Sighting {
  requireFinite(sighting, image)
  if (!(sighting.distance <= reach)) {
    throw new OutsideBall(
      `An iterate for image ${image} has ${norm} norm ${sighting.distance}, above ${reach}; report this as a bug.`,
    )
  }
  return sighting
}

/** The verdict after one more sighting: the first misclassification decides, until then the lowest margin. */
export function judge(verdict: Verdict | null, sighting: Sighting, label: number): Verdict {
  if (verdict && !verdict.held) return verdict
  if (sighting.prediction !== label) return { held: false, ...sighting }
  return verdict && verdict.margin <= sighting.margin ? verdict : { held: true, ...sighting }
}
