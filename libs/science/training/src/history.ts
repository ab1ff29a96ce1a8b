import { z } from 'zod'

const count = z.number().int().nonnegative()

/**
 * How the model did on the validation images at the end of an epoch, in evaluation mode. Losses are mean
 * cross-entropies.
 */
const validationRecord = z.strictObject({
  images: count.positive(),
  cleanCorrect: count,
  cleanLoss: z.number(),
  /** Under the inner attack of training: the iterate of highest loss. A yardstick for training, not an evaluation. */
  adversarialCorrect: count,
  adversarialLoss: z.number(),
  /** Different classes among the labels and among the clean predictions. One predicted class for many is a collapse. */
  labelledClasses: count,
  predictedClasses: count,
})
export type ValidationRecord = z.infer<typeof validationRecord>

/** One epoch. Holds nothing that another run of the same work could have different, so no times. */
export const epochRecord = z.strictObject({
  /** Counted from 1. */
  epoch: count.positive(),
  /** Optimiser steps since the beginning. */
  steps: count,
  learningRates: z.strictObject({ backbone: z.number(), head: z.number() }),
  training: z.strictObject({
    images: count.positive(),
    /** Mean over the images of the objective, each taken when its step began. */
    loss: z.number(),
    /** Right answers in training mode; `null` where the objective does not look at such images. */
    cleanCorrect: count.nullable(),
    adversarialCorrect: count.nullable(),
  }),
  validation: validationRecord.nullable(),
})
export type EpochRecord = z.infer<typeof epochRecord>

/** The sums of an epoch that is under way. */
export const epochSums = z.strictObject({ images: count, loss: z.number(), clean: count, adversarial: count })
export type EpochSums = z.infer<typeof epochSums>

export const noSums: EpochSums = { images: 0, loss: 0, clean: 0, adversarial: 0 }

/** The sums after one more optimiser step; its losses are added in float64. */
export function addToSums(
  sums: EpochSums,
  images: number,
  step: { loss: number; clean: number; adversarial: number },
): EpochSums {
  return {
    images: sums.images + images,
    loss: sums.loss + step.loss,
    clean: sums.clean + step.clean,
    adversarial: sums.adversarial + step.adversarial,
  }
}

/** Epochs in a row that make a collapse. */
const patience = 3

/**
 * Whether training has collapsed: three epochs in a row, all validation images are given one class though they have
 * several, the training loss is no better than that of guessing evenly (ln classes), and training images are got right
 * hardly more often than by guessing. Careful on purpose: a slow start, or running statistics that lag behind, is not a
 * collapse.
 */
export function hasCollapsed(history: readonly EpochRecord[], classes: number): boolean {
  const last = history.slice(-patience)
  return last.length === patience && last.every((epoch) => predictsOneClass(epoch) && onlyGuesses(epoch, classes))
}

function predictsOneClass({ validation }: EpochRecord): boolean {
  return validation !== null && validation.predictedClasses === 1 && validation.labelledClasses > 1
}

function onlyGuesses({ training }: EpochRecord, classes: number): boolean {
  const correct = training.cleanCorrect ?? training.adversarialCorrect ?? 0
  return training.loss >= Math.log(classes) && correct <= (1.5 * training.images) / classes
}
