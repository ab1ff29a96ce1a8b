import { tf, type Tensor1D, type Tensor4D } from '@gauntlet/engine'
import { gradientByPoints } from './gradient-by-points.ts'
import { targetLead, type LogitsFunction } from './loss.ts'

/** A linear model of z_t − z_y: its value at the points, [batch], and its gradient there, of the points' shape. */
export type Linearisation = {
  readonly lead: Tensor1D
  readonly slope: Tensor4D
}

/**
 * The linear model at these points, by one forward and one backward pass (fab_pt.py:100). labels, targets: [batch],
 * int32.
 */
export function linearised(
  logits: LogitsFunction,
  point: Tensor4D,
  labels: Tensor1D,
  targets: Tensor1D,
): Linearisation {
  let lead: Tensor1D | undefined
  // tfjs disposes of what a differentiated function makes, so the values of its one forward pass are kept here.
  const total = (at: Tensor4D) => {
    lead = tf.keep(targetLead(logits(at), labels, targets))
    return lead.sum()
  }
  try {
    const slope = gradientByPoints(total, point)
    return { lead: lead!.clone(), slope }
  } finally {
    lead?.dispose()
  }
}
