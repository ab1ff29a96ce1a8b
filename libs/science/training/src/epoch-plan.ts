import { permutation } from '@gauntlet/engine'

/** Indices of the images of one optimiser step, cut into micro-batches. */
export type StepPlan = readonly (readonly number[])[]

/**
 * The optimiser steps of one epoch: every image exactly once, in an order that depends on seed and epoch alone. The
 * last step may be short. A single image that is left over joins the step before it, since batch norms refuse one image
 * whose feature map is one pixel.
 */
export function planEpoch(settings: {
  seed: number
  epoch: number
  count: number
  effectiveBatch: number
  microBatch: number
}): StepPlan[] {
  const { seed, epoch, count, effectiveBatch, microBatch } = settings
  const order = permutation({ seed, purpose: 'shuffle', iteration: epoch }, count)
  const steps = cutEvery(order, effectiveBatch)
  if (steps.length > stepsPerEpoch(count, effectiveBatch)) steps.splice(-2, 2, steps.slice(-2).flat())
  return steps.map((indices) => cutEvenly(indices, microBatch))
}

/** Number of optimiser steps of an epoch. */
export function stepsPerEpoch(count: number, effectiveBatch: number): number {
  const leftOver = effectiveBatch > 1 && count > effectiveBatch && count % effectiveBatch === 1
  return Math.ceil(count / effectiveBatch) - (leftOver ? 1 : 0)
}

function cutEvery(items: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}

/** As few pieces as `limit` allows, whose sizes differ by at most one. */
function cutEvenly(items: readonly number[], limit: number): number[][] {
  const pieces = Math.ceil(items.length / limit)
  const start = (piece: number) => Math.floor((piece * items.length) / pieces)
  return Array.from({ length: pieces }, (_, i) => items.slice(start(i), start(i + 1)))
}
