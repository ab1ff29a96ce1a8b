import { tf, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import type { Ball } from './ball.ts'
import { linearised } from './linearisation.ts'
import type { LogitsFunction } from './loss.ts'

/**
 * The classes an attack aims at, best first, the label (or what the model takes for it) at place 0. [batch, at most
 * targets + 1].
 */
export type TargetRanking = (logits: LogitsFunction, images: Tensor4D) => TargetRank

export interface TargetRank {
  readonly classes: number[][]
  readonly forwards: number
  readonly backwards: number
}

/**
 * Classes whose gradients are looked at for each target that is wanted: MALT looks at 100 for 9 (arXiv:2407.02240,
 * section 4).
 */
const candidatesForATarget = 11

/**
 * Targets by the distance to their linearised boundaries, (z_y − z_j) / ‖∇(z_y − z_j)‖* with the ball's dual norm, the
 * nearest first (MALT, Melamed et al., arXiv:2407.02240, algorithm 1, which takes the length of the gradient in every
 * ball). Costs a pass forth and back for each candidate.
 */
export function rankedByLinearisation(ball: Ball, targets: number): TargetRanking {
  return (logits, images) =>
    tf.tidy(() => {
      const clean = logits(images)
      const candidates = Math.min(candidatesForATarget * targets, clean.shape[1] - 1)
      const ranked = tf.topk(clean, candidates + 1).indices as Tensor2D
      const places = tf.unstack(ranked, 1) as Tensor1D[]
      const distances = places.slice(1).map((rival) => boundaryDistance(ball, logits, images, places[0]!, rival))
      const nearest = tf
        .topk(tf.stack(distances, 1).neg(), Math.min(targets, candidates))
        .indices.arraySync() as number[][]
      const byLogits = ranked.arraySync() as number[][]
      const classes = byLogits.map((row, i) => [row[0]!, ...nearest[i]!.map((place) => row[1 + place]!)])
      return { classes, forwards: 1 + candidates, backwards: candidates }
    })
}

/** How far the linearised boundary between two classes lies, [batch]. */
function boundaryDistance(
  ball: Ball,
  logits: LogitsFunction,
  images: Tensor4D,
  label: Tensor1D,
  rival: Tensor1D,
): Tensor1D {
  return tf.tidy(() => {
    const { lead, slope } = linearised(logits, images, label, rival)
    return lead.neg().div(ball.dualSize(slope).add(1e-12))
  })
}
