import { permutation, tf, uniform, type Tensor } from '@gauntlet/engine'
import { batchNorm, conv2d, globalAveragePool, linear, Parameters, relu6 } from '@gauntlet/nn'
import type { Hyperparameters } from '@gauntlet/study'
import type { TrainableModel } from './trainable-model.ts'
import type { TrainingData } from './training-data.ts'

/**
 * 3×3 convolution 3 → 4, batch norm unless left out, ReLU6, global mean, linear 4 → classes: the model of
 * test/parity/training.py.
 */
export function tinyModel({ classes = 3, normed = true } = {}): TrainableModel {
  const trained = (name: string, role: 'backbone' | 'head', decayed: boolean) => ({
    name,
    role,
    decayed,
    trainable: true,
  })
  const buffer = (name: string) => ({ name, role: 'backbone', decayed: false, trainable: false }) as const
  const norm = [trained('bn.weight', 'backbone', false), trained('bn.bias', 'backbone', false)]
  const buffers = ['bn.running_mean', 'bn.running_var', 'bn.num_batches_tracked'].map(buffer)
  return {
    classes,
    specifications: [
      trained('conv.weight', 'backbone', true),
      ...(normed ? [...norm, ...buffers] : []),
      trained('fc.weight', 'head', true),
      trained('fc.bias', 'head', false),
    ],
    logits(images, parameters, context) {
      const mixed = conv2d(images, parameters.at('conv'), { padding: 1 })
      const hidden = relu6(normed ? batchNorm(mixed, parameters.at('bn'), context) : mixed)
      return linear(globalAveragePool(hidden), parameters.at('fc'))
    },
  }
}

/** The same numbers as `pattern` in test/parity/training.py. */
export function pattern(count: number, offset: number, scale = 1, shift = 0): Float32Array {
  return Float32Array.from(
    { length: count },
    (_, i) => (((i * 7919 + offset * 104729) % 1009) / 1009 - 0.5) * scale + shift,
  )
}

/** The parameters of `TinyNet` in test/parity/training.py, laid out for tfjs. */
export function tinyParameters({ classes = 3 } = {}): Parameters {
  const vector = (offset: number, scale: number, shift: number) => tf.tensor1d(pattern(4, offset, scale, shift))
  return Parameters.of(
    new Map<string, Tensor>([
      ['conv.weight', tf.tidy(() => tf.transpose(tf.tensor4d(pattern(108, 1), [4, 3, 3, 3]), [2, 3, 1, 0]))],
      ['bn.weight', vector(2, 0.5, 1)],
      ['bn.bias', vector(3, 0.2, 0.3)],
      ['bn.running_mean', vector(4, 0.1, 0)],
      ['bn.running_var', vector(5, 0.4, 0.8)],
      ['bn.num_batches_tracked', tf.scalar(0, 'int32')],
      ['fc.weight', tf.tidy(() => tf.transpose(tf.tensor2d(pattern(4 * classes, 6, 2), [classes, 4])))],
      ['fc.bias', tf.tensor1d(pattern(classes, 7, 0.2))],
    ]),
  )
}

/** Images that a model can learn: noise whose colour channel `label` is brighter. */
export function colourfulData(count: number, { resolution = 5, seed = 1 } = {}): TrainingData {
  const size = resolution * resolution * 3
  const labels = permutation({ seed, purpose: 'labels' }, count).map((i) => i % 3)
  const noise = uniform({ seed, purpose: 'pixels' }, count * size)
  const images = noise.map((value, i) => 0.5 * value + (i % 3 === labels[Math.floor(i / size)] ? 0.4 : 0))
  return {
    count,
    resolution,
    read: async (indices) => ({
      images: Float32Array.from(indices.flatMap((index) => [...images.subarray(index * size, (index + 1) * size)])),
      labels: Int32Array.from(indices, (index) => labels[index]!),
    }),
  }
}

/** Settings with which tests take seconds. */
export const tinyHyperparameters: Hyperparameters = {
  learningRateBackbone: 0.02,
  learningRateHead: 0.05,
  weightDecayBackbone: 0.01,
  weightDecayHead: 0.1,
  cosine: true,
  effectiveBatch: 8,
  microBatch: 4,
  microBatchMayShrink: true,
  attackEpsilon: 0.03,
  attackIterations: 2,
  tradesBeta: 1,
  augmentation: { horizontalFlip: false, colorJitter: 0, rotationDegrees: 0 },
  checkpointEverySteps: 1,
}
