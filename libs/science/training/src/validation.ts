import type { ValidationRecord } from './history.ts'
import { disposeBatch, readBatch, type TrainingData } from './training-data.ts'
import type { BatchPredictions, TrainingSession } from './training-session.ts'

/** What is validated, and how. */
export interface Validation {
  readonly session: TrainingSession
  readonly data: TrainingData
  readonly classes: number
  readonly microBatch: number
  readonly epoch: number
  /** Awaited after every micro-batch with the number of its images. It throws to stop. */
  readonly onImages: (images: number) => Promise<void>
}

/** The indices of validation's micro-batches: every image once, in the order of the split. */
export function planValidation(count: number, microBatch: number): number[][] {
  return Array.from({ length: Math.ceil(count / microBatch) }, (_, i) => {
    const start = i * microBatch
    return Array.from({ length: Math.min(microBatch, count - start) }, (_, j) => start + j)
  })
}

/** Counts correct predictions and adds up losses over all validation images, clean and under the inner attack. */
export async function validate({
  session,
  data,
  classes,
  microBatch,
  epoch,
  onImages,
}: Validation): Promise<ValidationRecord> {
  const labels = new Set<number>()
  const predictions = new Set<number>()
  const [clean, adversarial] = [
    { correct: 0, loss: 0 },
    { correct: 0, loss: 0 },
  ]
  for (const indices of planValidation(data.count, microBatch)) {
    const batch = await readBatch(data, indices, epoch, classes)
    const truth = batch.labels.dataSync<'int32'>()
    const predicted = session.predict(batch)
    disposeBatch(batch)
    add(clean, truth, predicted.clean)
    add(adversarial, truth, predicted.adversarial)
    truth.forEach((label) => labels.add(label))
    predicted.clean.predictions.forEach((prediction) => predictions.add(prediction))
    await onImages(indices.length)
  }
  return {
    images: data.count,
    cleanCorrect: clean.correct,
    cleanLoss: clean.loss / data.count,
    adversarialCorrect: adversarial.correct,
    adversarialLoss: adversarial.loss / data.count,
    labelledClasses: labels.size,
    predictedClasses: predictions.size,
  }
}

function add(
  sums: { correct: number; loss: number },
  labels: Int32Array,
  { predictions, losses }: BatchPredictions,
): void {
  labels.forEach((label, i) => {
    sums.correct += predictions[i] === label ? 1 : 0
    sums.loss += losses[i]!
  })
}
