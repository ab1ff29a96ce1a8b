import { tf, type Scalar, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import type { ForwardContext } from '@gauntlet/nn'
import type { Objective, ObjectiveOutput } from './objective.ts'
import { flatten } from './parameter-group.ts'
import type { BatchStatistics } from './running-statistics.ts'
import type { TrainableModel } from './trainable-model.ts'
import type { Trainee } from './trainee.ts'
import type { Batch } from './training-data.ts'

/** What one or more micro-batches taught. Its tensors are the holder's to dispose of. */
export interface Lesson {
  /** One vector per parameter group: the gradient of the summed losses over `divisor`. */
  readonly gradients: readonly Tensor1D[]
  /** [sum of the losses, correct clean images, correct attacked images]. */
  readonly sums: Tensor1D
}

/**
 * The lesson of one micro-batch: one training-mode pass of the objective and its gradient. `divisor` is the number of images of
 * the whole optimiser step, so that the lessons of its micro-batches add up to the gradient of their mean loss, also when the
 * last step is short. `statistics` are those of every batch norm in the order of the passes; a frozen backbone runs in evaluation
 * mode and has none.
 */
export function learn(
  model: TrainableModel,
  trainee: Trainee,
  objective: Objective,
  batch: Batch,
  adversarial: Tensor4D,
  { divisor, training }: { divisor: number; training: boolean },
): Lesson & { statistics: BatchStatistics[] } {
  const statistics: BatchStatistics[] = []
  const context: ForwardContext = {
    training,
    onBatchStatistics: (name, one) => statistics.push({ ...one, name, mean: tf.keep(one.mean), variance: tf.keep(one.variance) }),
  }
  let sums!: Tensor1D
  const meanLoss = (...trained: Tensor[]): Scalar => {
    const parameters = trainee.named(regroup(trained, trainee.trained))
    const forward = (images: Tensor4D) => model.logits(images, parameters, context)
    const output = objective.evaluate({ forward, images: batch.images, adversarial, labels: batch.labels })
    sums = tf.keep(tally(output, batch.labels))
    return output.losses.sum<Scalar>().div(divisor)
  }
  const gradients = tf.tidy(() => {
    const { grads } = tf.valueAndGrads(meanLoss)(trainee.trained.flat())
    return regroup(grads, trainee.trained).map(flatten)
  })
  return { gradients, sums, statistics }
}

/** The sum of two lessons; both are disposed of. */
export function addLessons(one: Lesson, other: Lesson): Lesson {
  const sum = tf.tidy(() => ({
    gradients: one.gradients.map((gradient, i) => gradient.add<Tensor1D>(other.gradients[i]!)),
    sums: one.sums.add<Tensor1D>(other.sums),
  }))
  disposeLesson(one)
  disposeLesson(other)
  return sum
}

export function disposeLesson({ gradients, sums }: Lesson): void {
  tf.dispose([...gradients, sums])
}

/** The sums of a lesson over its images, and the Euclidean norm of its whole gradient. */
export interface LessonNumbers {
  readonly loss: number
  readonly clean: number
  readonly adversarial: number
  readonly gradientNorm: number
}

/** The numbers of a lesson in one transfer to the host. NaN or infinity anywhere in the gradient shows in the norm. */
export async function readLesson({ gradients, sums }: Lesson): Promise<LessonNumbers> {
  const numbers = tf.tidy(() => tf.concat([sums, tf.addN(gradients.map((gradient) => gradient.square().sum())).reshape([1])]))
  const [loss, clean, adversarial, square] = (await numbers.data()) as unknown as [number, number, number, number]
  numbers.dispose()
  return { loss, clean, adversarial, gradientNorm: Math.sqrt(square) }
}

/** Number of rows whose largest logit is the label's. */
function countCorrect(logits: Tensor2D, labels: Tensor1D): Scalar {
  return tf.equal(logits.argMax(1), labels).toFloat().sum()
}

function tally({ losses, cleanLogits, adversarialLogits }: ObjectiveOutput, labels: Tensor1D): Tensor1D {
  const correct = (logits: Tensor2D | undefined) => (logits ? countCorrect(logits, labels) : tf.scalar(0))
  return tf.stack([losses.sum(), correct(cleanLogits), correct(adversarialLogits)]) as Tensor1D
}

/** Cuts a flat list into pieces of the lengths of `like`. */
function regroup(flat: readonly Tensor[], like: readonly (readonly Tensor[])[]): Tensor[][] {
  let start = 0
  return like.map(({ length }) => flat.slice(start, (start += length)))
}
