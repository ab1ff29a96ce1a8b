import { z } from 'zod'
import { positiveEpsilon } from './schema-parts.ts'

const learningRate = z.number().positive().max(100)
const weightDecay = z.number().min(0).max(100)

/** The hyperparameters that a study file may set, for all cells or for some, by the names in `Hyperparameters`. */
export const hyperparametersSchema = z
  .strictObject({
    learningRateBackbone: learningRate,
    learningRateHead: learningRate,
    weightDecayBackbone: weightDecay,
    weightDecayHead: weightDecay,
    cosine: z.boolean().describe('Cosine decay of the learning rates per epoch to 0.'),
    effectiveBatch: z.int().min(1).max(65_536).describe('Images per optimiser step.'),
    microBatch: z.int().min(1).max(65_536).describe('Images per forward pass; divides effectiveBatch.'),
    microBatchMayShrink: z
      .boolean()
      .describe('Use a smaller micro-batch on devices with too little memory; default: not with batch norms.'),
    attackEpsilon: positiveEpsilon.describe('Radius of the inner attack (Linf, APGD on cross-entropy).'),
    attackIterations: z.int().min(1).max(10_000),
    tradesBeta: z.number().min(0).max(1_000).describe('Weight of the KL term of TRADES.'),
    augmentation: z
      .strictObject({
        horizontalFlip: z.boolean(),
        colorJitter: z.number().min(0).max(1).describe('Range of brightness, contrast and saturation; 0 for none.'),
        rotationDegrees: z.number().min(0).max(180).describe('Largest rotation either way.'),
      })
      .partial(),
    checkpointEverySteps: z
      .int()
      .min(1)
      .max(1_000_000)
      .describe('Optimiser steps between two mid-training checkpoints.'),
  })
  .partial()

export type HyperparametersEntry = z.output<typeof hyperparametersSchema>
