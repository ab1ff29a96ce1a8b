import { tf, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import type { Ball } from '../balls/ball.ts'
import { linearised } from './linearisation.ts'
import type { LogitsFunction } from './loss.ts'

/** Ranks the classes that an attack on each image may aim at. */
export type TargetRanking = (logits: LogitsFunction, images: Tensor4D) => TargetRank

export interface TargetRank {
  /** Of each image the class that the model predicts, then at most as many as there are targets, best first. */
  readonly classes: number[][]
  /** Passes through the model that it took. */
  readonly forwards: number
  readonly backwards: number
}

/** Candidate classes for each target that is wanted: MALT takes 100 for 9 (arXiv:2407.02240, section 4). */
const candidatesPerTarget = 11

/**
 * Targets by the distance to their linearised boundaries, (z_y − z_j) / ‖∇(z_y − z_j)‖*, the nearest first (MALT,
 * Melamed et al., arXiv:2407.02240, algorithm 1). It costs a forward and a backward pass for each candidate. Departure:
 * the gradient is measured in the ball's dual norm, where MALT takes its Euclidean length in every ball.
 */
export function rankedByLinearisation(ball: Ball, targets: number): TargetRanking {
  return (logits, images) =>
    tf.tidy(() => {
      const clean = logits(images)
      const candidates = Math.min(candidatesPerTarget * targets, clean.shape[1] - 1)
      const ranked = tf.topk(clean, candidates + 1).indices as Tensor2D
      const columns = tf.unstack(ranked, 1) as Tensor1D[]
      const distances = columns.slice(1).map((rival) => boundaryDistance(ball, logits, images, columns[0]!, rival))
      const nearest = tf
        .topk(tf.stack(distances, 1).neg(), Math.min(targets, candidates))
        .indices.arraySync() as number[][]
      const byLogits = ranked.arraySync() as number[][]
      const classes = byLogits.map((row, i) => [row[0]!, ...nearest[i]!.map((index) => row[1 + index]!)])
      return { classes, forwards: 1 + candidates, backwards: candidates }
    })
}

/** The distance to the linearised boundary between two classes, [batch]. */
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
