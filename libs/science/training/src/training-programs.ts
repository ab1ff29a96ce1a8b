import { crossEntropy } from '@gauntlet/attacks'
import {
  mapTensors,
  runOperator,
  tf,
  type AdamTensors,
  type Scalar,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
} from '@gauntlet/engine'
import { evaluationMode, foldBatchNorms, type FoldablePair, type Parameters } from '@gauntlet/nn'
import type { Hyperparameters } from '@gauntlet/study'
import { adamWStep, type adamWFactors } from './adamw.ts'
import { learn } from './gradients.ts'
import { attackBatch } from './inner-attack.ts'
import type { Objective } from './objective.ts'
import type { TrainableModel, TrainableSpecification } from './trainable-model.ts'
import { parametersOf, type TrainingTensors } from './training-tensors.ts'

/*
 * The programs of a fine-tuning, as plain functions of tensors: (inputs, tensors on the device) → outputs and the
 * tensors that change.
 */

/** What the programs are made for. */
export interface Curriculum {
  readonly model: TrainableModel
  readonly objective: Objective
  /** Whether batch norms take the batch's statistics in training. */
  readonly training: boolean
  readonly hyperparameters: Hyperparameters
  /** Batch norms that passes in evaluation mode take as part of the convolution before them. */
  readonly foldable: readonly FoldablePair[]
}

type Images = {
  /** [batch, height, width, 3] in [0, 1]. */
  readonly images: Tensor4D
  /** int32, [batch]. */
  readonly labels: Tensor1D
}

/** A micro-batch to learn; `keys` and `divisor` as of `learn`. */
export type TeachingInputs = Images & { readonly keys: Tensor2D; readonly divisor: Scalar }

/** One micro-batch: the inner attack, then its lesson added to those of the optimiser step. */
export function teach(curriculum: Curriculum, { keys, divisor, ...batch }: TeachingInputs, tensors: TrainingTensors) {
  const { model, objective, hyperparameters } = curriculum
  const attacked = () => attackBatch(model, inEvaluation(curriculum, tensors), batch, hyperparameters)
  const adversarial = objective.attacked ? attacked() : batch.images
  const lesson = learn(tensors, { ...curriculum, ...batch, adversarial, keys, divisor })
  const gradients = mapTensors(tensors.gradients, (sum, name) => sum.add(lesson.gradients[name]!))
  const sums = tensors.sums.add<Tensor1D>(lesson.sums)
  return { outputs: {}, state: { gradients, sums, buffers: lesson.buffers } }
}

/**
 * One optimiser step from the lessons so far; out come their sums and the square of their gradient's norm, NaN or
 * infinite if any part is.
 */
export function step(
  trained: readonly TrainableSpecification[],
  { epsilon, ...factors }: ReturnType<typeof adamWFactors>,
  { values, firstMoment, secondMoment, gradients, sums }: TrainingTensors,
) {
  const stepped = trained.map(({ name, role, decayed }) => {
    const before = { value: values[name]!, firstMoment: firstMoment[name]!, secondMoment: secondMoment[name]!, gradient: gradients[name]! } // prettier-ignore
    const kept = decayed ? { kept: factors[`${role}Kept`] } : {}
    return [name, adamWStep(before, { ...kept, rate: factors[`${role}Rate`], epsilon })] as const
  })
  const part = (key: keyof AdamTensors) => Object.fromEntries(stepped.map(([name, after]) => [name, after[key]]))
  const square = tf.addN(Object.values(gradients).map(halfSquare)).mul(2)
  return {
    outputs: { numbers: tf.concat([sums, square.reshape([1])]) },
    state: {
      values: part('value'),
      firstMoment: part('firstMoment'),
      secondMoment: part('secondMoment'),
      gradients: part('gradient'),
      sums: tf.zerosLike(sums),
    },
  }
}

/** Half the sum of squares, without a tensor of squares. */
function halfSquare(x: Tensor): Tensor {
  return runOperator('L2Loss', { T: { type: 'float32' } }, [x])[0]!
}

/** Validation images, clean and under the inner attack, in evaluation mode. */
export function judge(curriculum: Curriculum, batch: Images, tensors: TrainingTensors) {
  const { model, hyperparameters } = curriculum
  const parameters = inEvaluation(curriculum, tensors)
  const adversarial = attackBatch(model, parameters, batch, hyperparameters)
  const judged = (images: Tensor4D) => judgement(model, parameters, { ...batch, images })
  return { outputs: { clean: judged(batch.images), adversarial: judged(adversarial) } }
}

function inEvaluation({ foldable }: Curriculum, tensors: TrainingTensors): Parameters {
  return foldBatchNorms(parametersOf(tensors), foldable)
}

function judgement(model: TrainableModel, parameters: Parameters, { images, labels }: Images) {
  const logits = model.logits(images, parameters, evaluationMode)
  return { predictions: logits.argMax<Tensor1D>(1), losses: crossEntropy(logits, labels) }
}
