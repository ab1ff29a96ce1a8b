import { backboneFor, type Backbone } from '@gauntlet/backbones'
import type { BackboneSpeed, BenchRequest } from '@gauntlet/contract'
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
import { randomWeights } from './random-weights.ts'

/** The works of a backbone, in the order in which they are measured. */
export const works = ['forward', 'gradient', 'update'] as const

/** Classes of the head: its share of the work is small. */
const classes = 10

/** Runs of a work that count, after one that does not. */
const countedRuns = 5

interface Place {
  readonly backbone: Backbone
  readonly parameters: Parameters
  readonly resolution: number
  /** The same images for every run, [batch, side, side, 3] in [0, 1]. */
  readonly pixels: Float32Array
  readonly labels: Int32Array
}

/**
 * Measures a backbone with random weights, by the programs that studies run: median of some runs after the first.
 * Unless told, a batch has as many pixels as eight images of 224 × 224, at most 64 images; it is halved where the
 * device has no room for it.
 */
export async function backboneSpeed(
  id: string,
  sizes: Pick<BenchRequest, 'resolution' | 'batch'>,
  onWork: (work: (typeof works)[number]) => void,
): Promise<BackboneSpeed> {
  const backbone = backboneFor(id)
  const resolution = sizes.resolution ?? backbone.resolution.native
  for (let batch = sizes.batch ?? batchAt(resolution); ; batch = Math.ceil(batch / 2)) {
    try {
      return await measure(backbone, resolution, batch, onWork)
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
  onWork: (work: (typeof works)[number]) => void,
): Promise<BackboneSpeed> {
  const specifications = backbone.specifications(classes)
  const parameters = toParameters(randomWeights(specifications), specifications)
  const pixels = uniform({ seed: 0, purpose: 'bench/pixels' }, batch * resolution * resolution * 3)
  const labels = Int32Array.from({ length: batch }, (_, i) => i % classes)
  const place = { backbone, parameters, resolution, pixels, labels }
  const measured = { forward: frozenSeconds, gradient: frozenSeconds, update: updateSeconds }
  try {
    const speeds: Record<string, number> = {}
    for (const work of works) {
      onWork(work)
      speeds[work] = batch / (await measured[work](place, work))
    }
    const { forward, gradient, update } = speeds as Record<(typeof works)[number], number>
    return { backbone: backbone.id, resolution, batch, forward, gradient, update }
  } finally {
    disposeParameters(parameters)
  }
}

/** Seconds of a captured pass in evaluation mode, batch norms folded, with or without the gradient of the pixels. */
function frozenSeconds({ backbone, parameters, resolution, pixels, labels }: Place, work: string): number {
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
      work,
      ({ images, labels }, state) => {
        const held = Parameters.of(Object.entries(state.parameters))
        if (work === 'forward') return { outputs: { result: logits(images, held) } }
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

/** Seconds of one optimiser step of `fineTuneModel`, between two readings of its images. */
async function updateSeconds({ backbone, parameters, resolution, pixels, labels }: Place): Promise<number> {
  const begun: number[] = []
  const read = async () => {
    begun.push(performance.now())
    return { images: pixels, labels }
  }
  const batch = labels.length
  const { parameters: trained } = await fineTuneModel({
    model: trainableModel(backbone, classes),
    // This work is the last: training disposes of them.
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
  return median(begun.slice(2).map((at, i) => (at - begun[i + 1]!) / 1000))
}

/** Of the runs that count. */
function secondsOfRuns(run: () => void): number[] {
  run()
  return Array.from({ length: countedRuns }, () => {
    const begun = performance.now()
    run()
    return (performance.now() - begun) / 1000
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
