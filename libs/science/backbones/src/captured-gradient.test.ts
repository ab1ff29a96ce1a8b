import { ProgramBuilder, tf, uniform, type Scalar, type Tensor, type Tensor1D, type Tensor4D } from '@gauntlet/engine'

import { evaluationMode, Parameters } from '@gauntlet/nn'
import { toParameters, type NamedArray } from '@gauntlet/weights'
import { expect, it } from 'vitest'
import { backboneFor } from './registry.ts'

const backbone = backboneFor('efficientnet_lite0.ra_in1k')
const specifications = backbone.specifications(10)
const trained = specifications.filter(({ trainable }) => trainable).map(({ name }) => name)

/** Random weights scaled as by He's initialisation, so that a signal passes through all blocks. */
function arrays(): NamedArray[] {
  return specifications.map(({ name, shape, kind }) => {
    const count = shape.reduce((product, size) => product * size, 1)
    if (kind === 'counter')
      return { name, dtype: 'int64', shape, data: new BigInt64Array(count) } as unknown as NamedArray
    const fan = shape.slice(1).reduce((product, size) => product * size, 1)
    const drawn = uniform({ seed: 1, purpose: name }, count)
    const centred = (u: number) =>
      shape.length > 1 ? (2 * u - 1) * Math.sqrt(6 / fan) : /weight|var/.test(name) ? 0.8 + 0.4 * u : 0.2 * u - 0.1
    return { name, dtype: 'float32', shape, data: drawn.map(centred) } as NamedArray
  })
}

function batchOf(seed: number): { images: Tensor4D; labels: Tensor1D } {
  return {
    images: tf.tensor4d(uniform({ seed, purpose: 'images' }, 4 * 32 * 32 * 3), [4, 32, 32, 3]),
    labels: tf.tensor1d([0, 3, 6, 9], 'int32'),
  }
}

/** The loss, and its gradients by the images and all parameters. */
function step(
  { images, labels }: { images: Tensor; labels: Tensor },
  { parameters }: { parameters: Record<string, Tensor> },
) {
  const lossOf = (x: Tensor, ...values: Tensor[]) => {
    const named = Parameters.of(
      new Map([...Object.entries(parameters), ...trained.map((name, i) => [name, values[i]!] as const)]),
    )
    return tf.losses.softmaxCrossEntropy(
      tf.oneHot(labels.toInt(), 10),
      backbone.logits(x as Tensor4D, named, evaluationMode),
    ) as Scalar
  }
  const { value, grads } = tf.valueAndGrads(lossOf)([images, ...trained.map((name) => parameters[name]!)])
  return { loss: value, gradients: grads }
}

it(
  'gives the gradient of EfficientNet-Lite0 at 32 px as eager code does, on images it was not captured with',
  { timeout: 120_000 },
  () => {
    const parameters = Object.fromEntries(toParameters(arrays(), specifications).entries())
    const builder = new ProgramBuilder({ parameters })
    const program = builder.capture('step', (inputs, state) => ({ outputs: step(inputs, state) }), batchOf(1))
    const session = builder.load()
    const replayed = session.run(program, batchOf(2))
    const eager = step(batchOf(2), { parameters })
    expect(Math.abs(replayed.loss.arraySync() / eager.loss.arraySync() - 1)).toBeLessThan(1e-6)
    eager.gradients.forEach((expected, i) => {
      const error = expected.sub(replayed.gradients[i]!).norm().arraySync() as number
      expect(error, trained[i - 1] ?? 'images').toBeLessThanOrEqual(1e-4 * (expected.norm().arraySync() as number))
    })
    session.dispose()
    builder.dispose()
  },
)
