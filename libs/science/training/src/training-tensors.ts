import { mapTensors, tf, type NamedTensors, type Tensor, type Tensor1D } from '@gauntlet/engine'
import { Parameters } from '@gauntlet/nn'
import { InvalidInput, type ProtocolSpecification } from '@gauntlet/study'
import type { TrainableModel, TrainableSpecification } from './trainable-model.ts'

/**
 * All tensors that a fine-tuning keeps on the device. Of the model's own, `values` are trained, `buffers` (running
 * statistics) change with each forward pass in training mode, and `frozen` ones never change. All are under the
 * checkpoint's names.
 */
export type TrainingTensors = {
  readonly values: NamedTensors
  /** AdamW's moving averages of the gradient and of its square. */
  readonly firstMoment: NamedTensors
  readonly secondMoment: NamedTensors
  /** The gradients that are accumulated over the micro-batches of the present optimiser step. */
  readonly gradients: NamedTensors
  /** Over the same micro-batches: [sum of the losses, correct clean images, correct adversarial images]. */
  readonly sums: Tensor1D
  readonly buffers: NamedTensors
  readonly frozen: NamedTensors
}

/** The specifications of the tensors that a protocol trains. */
export function trainedOf(model: TrainableModel, trains: ProtocolSpecification['trains']): TrainableSpecification[] {
  const trained = model.specifications.filter((one) => one.trainable && (trains === 'all' || one.role === 'head'))
  if (trained.length === 0) throw new InvalidInput('The model has no parameter to train; declare its head trainable.')
  return trained
}

/** The tensors before the first step. Those of the model are the caller's own; the others are new. */
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
 * Zeros of these shapes, which all share the memory of the largest, since TensorFlow takes the first elements of a
 * vector without a copy.
 */
function zerosLike(tensors: NamedTensors): NamedTensors {
  const zeros = tf.zeros([Math.max(...Object.values(tensors).map(({ size }) => size))])
  const like = mapTensors(tensors, ({ size, shape }) => tf.tidy(() => zeros.slice(0, size).reshape(shape)))
  zeros.dispose()
  return like
}

/** The model's tensors, with `trained` in place of the values where they are given. */
export function parametersOf(
  { buffers, frozen, values }: Pick<TrainingTensors, 'buffers' | 'frozen' | 'values'>,
  trained: NamedTensors = values,
): Parameters {
  return Parameters.of(new Map(Object.entries({ ...frozen, ...buffers, ...trained })))
}
