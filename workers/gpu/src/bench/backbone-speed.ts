import { backboneFor, type Backbone } from '@gauntlet/backbones'
import type { BackboneSpeed, DeviceRequest } from '@gauntlet/contract'
import {
  OutOfMemory,
  ProgramBuilder,
  softmaxCrossEntropy,
  tf,
  uniform,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
} from '@gauntlet/engine'
import { disposeParameters, evaluationMode, foldablePairs, foldBatchNorms, Parameters } from '@gauntlet/nn'
import { defaultHyperparameters } from '@gauntlet/study'
import { fineTuneModel, trainableModel } from '@gauntlet/training'
import { toParameters } from '@gauntlet/weights'
import { measureUsage } from '../usage.ts'
import { attackSpeed } from './attack-speed.ts'
import { busySeconds } from './busy-seconds.ts'
import { randomWeights } from './random-weights.ts'

/**
 * What is measured, in this order: the kinds of passes, and those that find the gradient of pixels within an attack.
 */
export const passKinds = ['forward', 'gradient', 'attack', 'update'] as const
export type PassKind = (typeof passKinds)[number]

/** Classes of the head, which has little of the work. */
const classes = 10

/** Runs of a pass that are timed, after one that is not. */
const countedRuns = 5

/** What is measured: a backbone with its parameters on a batch of images. */
interface Setting {
  readonly backbone: Backbone
  readonly parameters: Parameters
  readonly resolution: number
  /** The same images for every run, [batch, side, side, 3] in [0, 1]. */
  readonly pixels: Float32Array
  readonly labels: Int32Array
}

/**
 * Measures a backbone with random weights, by the programs that studies run; the speed is that of the median run after
 * the first. By default a batch has as many pixels as eight images of 224 × 224, but at most 64 images. It is halved
 * where the device has no room for it.
 */
export async function backboneSpeed(
  id: string,
  sizes: Pick<DeviceRequest, 'resolution' | 'batch'>,
  onKind: (kind: PassKind) => void,
): Promise<BackboneSpeed> {
  const backbone = backboneFor(id, 'native', sizes.resolution ?? undefined)
  const resolution = sizes.resolution ?? backbone.resolution.native
  for (let batch = sizes.batch ?? batchAt(resolution); ; batch = Math.ceil(batch / 2)) {
    try {
      return await measure(backbone, resolution, batch, onKind)
    } catch (error) {
      if (!(error instanceof OutOfMemory) || batch === 1) throw error
    }
  }
}

function batchAt(resolution: number): number {
  return Math.max(1, Math.min(64, Math.floor((8 * 224 * 224) / resolution ** 2)))
}

async function measure(
  backbone: Backbone,
  resolution: number,
  batch: number,
  onKind: (kind: PassKind) => void,
): Promise<BackboneSpeed> {
  const specifications = backbone.specifications(classes)
  const parameters = toParameters(randomWeights(specifications), specifications)
  const pixels = uniform({ seed: 0, purpose: 'bench/pixels' }, batch * resolution * resolution * 3)
  const labels = Int32Array.from({ length: batch }, (_, i) => i % classes)
  const setting = { backbone, parameters, resolution, pixels, labels }
  const usage = measureUsage()
  const secondsOf = (kind: 'forward' | 'gradient') => {
    onKind(kind)
    return secondsOfPass(setting, kind)
  }
  try {
    const [forward, gradient] = [batch / secondsOf('forward'), batch / secondsOf('gradient')]
    onKind('attack')
    const attacked = await attackSpeed({ ...setting, classes })
    onKind('update')
    const { step, start: updateStart } = await secondsOfUpdate(setting)
    const { peakBytes } = usage()
    const speeds = { forward, gradient, update: batch / step, ...attacked, updateStart }
    return { backbone: backbone.id, resolution, batch, ...speeds, peakBytes }
  } finally {
    disposeParameters(parameters)
  }
}

/**
 * The seconds of a captured pass in evaluation mode, with batch norms folded: a forward pass, or one with the gradient
 * of the pixels.
 */
function secondsOfPass({ backbone, parameters, resolution, pixels, labels }: Setting, kind: string): number {
  return inScope(() => {
    const inputs = {
      images: tf.tensor4d(pixels, [labels.length, resolution, resolution, 3]) as Tensor,
      labels: tf.tensor1d(labels, 'int32') as Tensor,
    }
    const logits = (images: Tensor, held: Parameters) => backbone.logits(images as Tensor4D, held, evaluationMode)
    const folded = foldBatchNorms(
      parameters,
      foldablePairs((image) => logits(image, parameters), inputs.images as Tensor4D),
    )
    const builder = new ProgramBuilder({ parameters: Object.fromEntries(folded.entries()) })
    const program = builder.capture(
      kind,
      ({ images, labels }, state) => {
        const held = Parameters.of(Object.entries(state.parameters))
        if (kind === 'forward') return { outputs: { result: logits(images, held) } }
        const loss = (points: Tensor) => softmaxCrossEntropy(logits(points, held) as Tensor2D, labels as Tensor1D).sum()
        return { outputs: { result: tf.grad(loss)(images) } }
      },
      inputs,
    )
    const session = builder.load()
    builder.dispose()
    try {
      const run = () => {
        const { result } = session.run(program, inputs)
        result.dataSync()
        result.dispose()
      }
      return median(secondsOfRuns(run))
    } finally {
      session.dispose()
    }
  })
}

/**
 * Seconds of one optimiser step of `fineTuneModel`, between two readings of its images, and what the first step takes
 * more, in which the programs are captured.
 */
async function secondsOfUpdate({ backbone, parameters, resolution, pixels, labels }: Setting) {
  const called = busySeconds()
  const begun: number[] = []
  const read = async () => {
    begun.push(busySeconds())
    return { images: pixels, labels }
  }
  const batch = labels.length
  const { parameters: trained } = await fineTuneModel({
    model: trainableModel(backbone, classes),
    // The update is measured last, because training disposes of the parameters.
    parameters: () => parameters,
    settings: {
      loss: 'standard',
      protocol: { id: 'FFT-1', trains: 'all', epochs: 1 },
      seed: 0,
      hyperparameters: {
        ...defaultHyperparameters,
        learningRateBackbone: 0,
        learningRateHead: 0,
        effectiveBatch: batch,
        microBatch: batch,
      },
    },
    training: { count: (countedRuns + 2) * batch, resolution, read },
  })
  disposeParameters(trained)
  const step = median(begun.slice(2).map((at, i) => at - begun[i + 1]!))
  return { step, start: Math.max(0, begun[1]! - called - step) }
}

/** The seconds of each timed run. */
function secondsOfRuns(run: () => void): number[] {
  run()
  return Array.from({ length: countedRuns }, () => {
    const begun = busySeconds()
    run()
    return busySeconds() - begun
  })
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}

/** Disposes of every tensor that `work` leaves. */
function inScope<T>(work: () => T): T {
  tf.engine().startScope()
  try {
    return work()
  } finally {
    tf.engine().endScope()
  }
}
