import { attacksOf, ballOf, frozenNetwork, runEnsemble, type ImageSet } from '@gauntlet/attacks'
import { backboneFor, type Backbone } from '@gauntlet/backbones'
import type { CheckedBackbone } from '@gauntlet/contract'
import { tf, uniform, type Tensor4D } from '@gauntlet/engine'
import { disposeParameters, evaluationMode, type Parameters } from '@gauntlet/nn'
import { defaultHyperparameters, digestOf, digestOfBytes, type Digest } from '@gauntlet/study'
import { fineTuneModel, trainableModel } from '@gauntlet/training'
import { toParameters } from '@gauntlet/weights'
import { randomWeights } from '../bench/random-weights.ts'
import { frozen } from '../stages/classifier.ts'

const classes = 10

interface Sizes {
  readonly batch: number
  readonly resolution: number
}

/** What two runs of everything give: whether their bits are the same, and images a second of an iteration of APGD. */
export interface Runs extends Pick<CheckedBackbone, 'sameBits'> {
  readonly apgdIteration: number
}

/**
 * Does everything twice with weights of noise: a forward pass, two steps of TRADES, and forty iterations of APGD in a
 * ball so small that no image falls.
 */
export async function runsOf(id: string, sizes: Sizes, begin: (what: string) => void): Promise<Runs> {
  const backbone = backboneFor(id, 'native', sizes.resolution)
  const twice = async (what: string, work: () => Promise<Digest>) => {
    begin(what)
    return (await work()) === (await work())
  }
  const iterations: number[] = []
  const sameBits = {
    forward: await twice('forward', () => forwardOnce(backbone, sizes)),
    training: await twice('training', () => trainOnce(backbone, sizes)),
    attack: await twice('attack', () => attackOnce(backbone, sizes, iterations)),
  }
  return { sameBits, apgdIteration: sizes.batch / Math.min(...iterations) }
}

async function forwardOnce(backbone: Backbone, sizes: Sizes): Promise<Digest> {
  const parameters = noise(backbone)
  const logits = frozen({ logits: (x, named) => backbone.logits(x, named, evaluationMode) }, parameters)
  const images = imagesOf(sizes)
  const result = logits(images)
  const digest = digestOfValues(result.dataSync())
  logits.dispose()
  tf.dispose([images, result])
  disposeParameters(parameters)
  return digest
}

async function trainOnce(backbone: Backbone, { batch, resolution }: Sizes): Promise<Digest> {
  const pixels = pixelsOf({ batch, resolution })
  const labels = Int32Array.from({ length: batch }, (_, i) => i % classes)
  const { parameters } = await fineTuneModel({
    model: trainableModel(backbone, classes),
    parameters: () => noise(backbone),
    settings: {
      loss: 'TRADES',
      protocol: { id: 'FFT-1', trains: 'all', epochs: 1 },
      seed: 0,
      hyperparameters: { ...defaultHyperparameters, effectiveBatch: batch, microBatch: batch },
    },
    training: { count: 2 * batch, resolution, read: async () => ({ images: pixels, labels }) },
  })
  const digests = [...parameters.entries()].map(([, tensor]) => digestOfValues(tensor.dataSync()))
  disposeParameters(parameters)
  return digestOf(digests)
}

/** Adds the seconds of each iteration, of blocks after the first, to `iterations`. */
async function attackOnce(backbone: Backbone, sizes: Sizes, iterations: number[]): Promise<Digest> {
  const [parameters, images] = [noise(backbone), imagesOf(sizes)]
  const ball = ballOf('Linf', 1e-6)
  const logits = (x: Tensor4D, named: Parameters) => backbone.logits(x, named, evaluationMode)
  const forward = frozen({ logits }, parameters)
  const predicted = tf.tidy(() => [...forward(images).argMax(1).dataSync()])
  const apgd = { attack: 'apgd-ce', iterations: 40, restarts: 1, targets: 0 } as const
  const ends: number[] = []
  try {
    const verdicts = await runEnsemble({
      logits: forward,
      network: frozenNetwork(logits, parameters, images),
      ball,
      imageSet: imageSetOf(images, predicted),
      attacks: attacksOf({ entries: [apgd] }, ball),
      seed: 0,
      batchSize: sizes.batch,
      onBlock: () => void ends.push(performance.now()),
    })
    const stepsOfBlock = 10
    iterations.push(...ends.slice(1).map((at, i) => (at - ends[i]!) / 1000 / stepsOfBlock))
    return digestOf(verdicts.map(({ margin, prediction }) => ({ margin, prediction })))
  } finally {
    forward.dispose()
    images.dispose()
    disposeParameters(parameters)
  }
}

function imageSetOf(images: Tensor4D, labels: readonly number[]): ImageSet {
  const [, height, width, channels] = images.shape
  return {
    digests: labels.map((_, i) => digestOf(`device check ${i}`)),
    labels,
    shape: [height, width, channels],
    read: async (rows) => tf.gather(images, [...rows]),
  }
}

function noise(backbone: Backbone): Parameters {
  const specifications = backbone.specifications(classes)
  return toParameters(randomWeights(specifications), specifications)
}

function imagesOf(sizes: Sizes): Tensor4D {
  return tf.tensor4d(pixelsOf(sizes), [sizes.batch, sizes.resolution, sizes.resolution, 3])
}

function pixelsOf({ batch, resolution }: Sizes): Float32Array {
  return uniform({ seed: 0, purpose: 'device check' }, batch * resolution * resolution * 3)
}

function digestOfValues(values: Float32Array | Int32Array | Uint8Array): Digest {
  return digestOfBytes(new Uint8Array(values.slice().buffer))
}
