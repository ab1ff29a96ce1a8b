import { z } from 'zod'

const count = z.number().int().nonnegative()

/** The validation at the end of an epoch, in evaluation mode. Losses are mean cross-entropies. */
const validationRecord = z.strictObject({
  images: count.positive(),
  cleanCorrect: count,
  cleanLoss: z.number(),
  /** At the points of highest loss that the inner attack finds: a measure of training, not an evaluation. */
  adversarialCorrect: count,
  adversarialLoss: z.number(),
  /** Number of different classes among the labels and among the clean predictions. */
  labelledClasses: count,
  predictedClasses: count,
})
export type ValidationRecord = z.infer<typeof validationRecord>

/** One epoch. It holds no times, nor anything else in which two runs of the same work could differ. */
export const epochRecord = z.strictObject({
  /** Counted from 1. */
  epoch: count.positive(),
  /** Optimiser steps since the beginning. */
  steps: count,
  learningRates: z.strictObject({ backbone: z.number(), head: z.number() }),
  training: z.strictObject({
    images: count.positive(),
    /** Mean of the objective over the images, each by the parameters before its step. */
    loss: z.number(),
    /** Correct predictions in training mode; `null` where the objective does not use such images. */
    cleanCorrect: count.nullable(),
    adversarialCorrect: count.nullable(),
  }),
  validation: validationRecord.nullable(),
})
export type EpochRecord = z.infer<typeof epochRecord>

/** The sums over the steps so far of an epoch. */
export const epochSums = z.strictObject({ images: count, loss: z.number(), clean: count, adversarial: count })
export type EpochSums = z.infer<typeof epochSums>

export const noSums: EpochSums = { images: 0, loss: 0, clean: 0, adversarial: 0 }

/** The sums after one more optimiser step. Losses are added in float64. */
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

/** How many epochs in a row make a collapse. */
const patience = 3

/**
 * Whether training has collapsed. It has if in each of the last three epochs one class was predicted for all validation
 * images though they have several, the training loss was no better than that of guessing evenly (ln classes), and
 * training images were predicted correctly hardly more often than by guessing. All of that is asked for because a slow
 * start, or running statistics that lag behind, is not a collapse.
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
