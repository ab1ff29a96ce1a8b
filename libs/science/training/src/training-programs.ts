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
import { batchGradients } from './gradients.ts'
import { attackBatch } from './inner-attack.ts'
import type { Objective } from './objective.ts'
import type { TrainableModel, TrainableSpecification } from './trainable-model.ts'
import { parametersOf, type TrainingTensors } from './training-tensors.ts'

/*
 * The programs of a fine-tuning as plain functions: from inputs and the tensors on the device to outputs and the
 * tensors that change.
 */

/** What the programs of a fine-tuning depend on. */
export interface ProgramSettings {
  readonly model: TrainableModel
  readonly objective: Objective
  /** Whether batch norms use the statistics of the batch in training. */
  readonly training: boolean
  readonly hyperparameters: Hyperparameters
  /** Batch norms that are folded into the convolution before them in evaluation mode. */
  readonly foldable: readonly FoldablePair[]
}

type Images = {
  /** [batch, height, width, 3] in [0, 1]. */
  readonly images: Tensor4D
  /** int32, [batch]. */
  readonly labels: Tensor1D
}

/** A micro-batch to train on, with `keys` and `divisor` as in `GradientInput`. */
export type MicroBatchInputs = Images & { readonly keys: Tensor2D; readonly divisor: Scalar }

/** Attacks one micro-batch, and adds its gradients and sums to those of the optimiser step. */
export function accumulate(
  settings: ProgramSettings,
  { keys, divisor, ...batch }: MicroBatchInputs,
  tensors: TrainingTensors,
) {
  const { model, objective, hyperparameters } = settings
  const attacked = () => attackBatch(model, inEvaluation(settings, tensors), batch, hyperparameters)
  const adversarial = objective.usesAdversarial ? attacked() : batch.images
  const found = batchGradients(tensors, { ...settings, ...batch, adversarial, keys, divisor })
  const gradients = mapTensors(tensors.gradients, (sum, name) => sum.add(found.gradients[name]!))
  const sums = tensors.sums.add<Tensor1D>(found.sums)
  return { outputs: {}, state: { gradients, sums, buffers: found.buffers } }
}

/**
 * One optimiser step by the accumulated gradients. The output `numbers` holds the accumulated sums and the square of
 * the gradient's norm, which is NaN or infinite if any part of the gradient is.
 */
export function step(
  trained: readonly TrainableSpecification[],
  { epsilon, ...factors }: ReturnType<typeof adamWFactors>,
  { values, firstMoment, secondMoment, gradients, sums }: TrainingTensors,
) {
  const stepped = trained.map(({ name, role, decayed }) => {
    const moments = { firstMoment: firstMoment[name]!, secondMoment: secondMoment[name]! }
    const before = { value: values[name]!, ...moments, gradient: gradients[name]! }
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

/** Predictions and losses of validation images, clean and under the inner attack, in evaluation mode. */
export function predict(settings: ProgramSettings, batch: Images, tensors: TrainingTensors) {
  const { model, hyperparameters } = settings
  const parameters = inEvaluation(settings, tensors)
  const adversarial = attackBatch(model, parameters, batch, hyperparameters)
  const predictedFor = (images: Tensor4D) => predictionsOf(model, parameters, { ...batch, images })
  return { outputs: { clean: predictedFor(batch.images), adversarial: predictedFor(adversarial) } }
}

function inEvaluation({ foldable }: ProgramSettings, tensors: TrainingTensors): Parameters {
  return foldBatchNorms(parametersOf(tensors), foldable)
}

function predictionsOf(model: TrainableModel, parameters: Parameters, { images, labels }: Images) {
  const logits = model.logits(images, parameters, evaluationMode)
  return { predictions: logits.argMax<Tensor1D>(1), losses: crossEntropy(logits, labels) }
}
