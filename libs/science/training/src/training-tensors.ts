import { tf, type NamedTensors, type Tensor, type Tensor1D } from '@gauntlet/engine'
import { Parameters } from '@gauntlet/nn'
import type { ProtocolSpecification } from '@gauntlet/study'
import type { TrainableModel, TrainableSpecification } from './trainable-model.ts'
import { TrainingInputInvalid } from './training-errors.ts'

/**
 * All that a fine-tuning keeps on the device. Of the model's own tensors *values* are those that are trained, *buffers*
 * (running statistics) move with each training-mode forward pass, *frozen* ones never change.
 */
export type TrainingTensors = {
  readonly values: NamedTensors
  /** AdamW's moving averages of the gradient and of its square. */
  readonly firstMoment: NamedTensors
  readonly secondMoment: NamedTensors
  /** The gradients that the micro-batches of the present optimiser step have added up. */
  readonly gradients: NamedTensors
  /** Of the same micro-batches: [sum of the losses, correct clean images, correct attacked images]. */
  readonly sums: Tensor1D
  readonly buffers: NamedTensors
  readonly frozen: NamedTensors
}

/** The specifications of what a protocol trains. */
export function trainedOf(model: TrainableModel, trains: ProtocolSpecification['trains']): TrainableSpecification[] {
  const trained = model.specifications.filter((one) => one.trainable && (trains === 'all' || one.role === 'head'))
  if (trained.length === 0)
    throw new TrainingInputInvalid('The model has no parameter to train; declare its head trainable.')
  return trained
}

/** The tensors before the first step. Those of the model are the caller's own, the rest is new. */
export function startingTensors(
  model: TrainableModel,
  initial: Parameters,
  trains: ProtocolSpecification['trains'],
): TrainingTensors {
  const trained = trainedOf(model, trains)
  const names = new Set(trained.map(({ name }) => name))
  const rest = model.specifications.filter(({ name }) => !names.has(name))
  const moves = ({ trainable }: TrainableSpecification) => !trainable && trains === 'all'
  const named = (specifications: readonly TrainableSpecification[], tensor: (name: string) => Tensor): NamedTensors =>
    Object.fromEntries(specifications.map(({ name }) => [name, tensor(name)]))
  const zeros = () => zerosLike(named(trained, (name) => initial.tensor(name)))
  return {
    values: named(trained, (name) => initial.tensor(name)),
    firstMoment: zeros(),
    secondMoment: zeros(),
    gradients: zeros(),
    sums: tf.zeros([3]),
    buffers: named(rest.filter(moves), (name) => initial.tensor(name)),
    frozen: named(
      rest.filter((one) => !moves(one)),
      (name) => initial.tensor(name),
    ),
  }
}

/**
 * Zeros of these shapes, all of them the memory of the largest: TensorFlow copies nothing to take the first elements of
 * a vector.
 */
function zerosLike(tensors: NamedTensors): NamedTensors {
  const zeros = tf.zeros([Math.max(...Object.values(tensors).map(({ size }) => size))])
  const entries = Object.entries(tensors).map(([name, { size, shape }]) => [name, tf.tidy(() => zeros.slice(0, size).reshape(shape))]) // prettier-ignore
  zeros.dispose()
  return Object.fromEntries(entries) as NamedTensors
}

/** The model's tensors as it reads them, with these in place of the trained ones. */
export function parametersOf(
  { buffers, frozen, values }: Pick<TrainingTensors, 'buffers' | 'frozen' | 'values'>,
  trained: NamedTensors = values,
): Parameters {
  return Parameters.of(new Map(Object.entries({ ...frozen, ...buffers, ...trained })))
}
