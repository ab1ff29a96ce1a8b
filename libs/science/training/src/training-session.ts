import {
  keyTensor,
  ProgramBuilder,
  tf,
  uniform,
  type ProgramSession,
  type RandomKey,
  type Tensor1D,
  type Tensor4D,
} from '@gauntlet/engine'
import { evaluationMode, foldablePairs, type FoldablePair, type Parameters } from '@gauntlet/nn'
import type { ProtocolSpecification } from '@gauntlet/study'
import { adamWFactors } from './adamw.ts'
import { dropoutKeys } from './dropout-randomness.ts'
import type { LearningRates } from './learning-rate.ts'
import { accumulate, predict, step, type MicroBatchInputs, type ProgramSettings } from './training-programs.ts'
import type { Batch } from './training-data.ts'
import { parametersOf, startingTensors, trainedOf, type TrainingTensors } from './training-tensors.ts'

/** What a fine-tuning session is opened for. */
export interface TrainingSessionSettings extends Omit<ProgramSettings, 'training' | 'foldable'> {
  readonly parameters: Parameters
  readonly trains: ProtocolSpecification['trains']
  /** Side of the square images, in pixels. */
  readonly resolution: number
  /** The sizes of the micro-batches. Each size has programs of its own. */
  readonly sizes: { readonly training: readonly number[]; readonly validation: readonly number[] }
}

/** What an optimiser step gives: sums over its images, and the Euclidean norm of its whole gradient. */
export interface StepNumbers {
  readonly loss: number
  /** Correct clean and correct adversarial images. */
  readonly clean: number
  readonly adversarial: number
  /** NaN or infinite if any part of the gradient is. */
  readonly gradientNorm: number
}

/** The predicted class and the cross-entropy of each image of a batch. */
export interface BatchPredictions {
  readonly predictions: Int32Array
  readonly losses: Float32Array
}

/**
 * The captured programs of a fine-tuning, and the tensors that they share on the device. Only batches go in, and only
 * numbers come out.
 */
export class TrainingSession {
  private constructor(
    private readonly session: ProgramSession<TrainingTensors>,
    private readonly programs: Programs,
    private readonly hyperparameters: ProgramSettings['hyperparameters'],
  ) {}

  /** Captures and compiles the programs. The parameters stay the caller's, and are not changed. */
  static open(settings: TrainingSessionSettings): TrainingSession {
    const start = startingTensors(settings.model, settings.parameters, settings.trains)
    const builder = new ProgramBuilder(start)
    tf.dispose([
      ...Object.values(start.firstMoment),
      ...Object.values(start.secondMoment),
      ...Object.values(start.gradients),
    ])
    start.sums.dispose()
    try {
      const programs = captured(builder, settings)
      return new TrainingSession(builder.finish(), programs, settings.hyperparameters)
    } finally {
      builder.dispose()
    }
  }

  /**
   * Attacks one micro-batch of an optimiser step of `images` images and accumulates its gradients. `keys`: those of
   * each image's dropout.
   */
  accumulate(
    { images, labels, size }: Batch,
    { images: count, keys }: { images: number; keys: readonly RandomKey[] },
  ): void {
    const own = { divisor: tf.scalar(count), keys: keyTensor(keys) }
    this.session.run(this.programs.accumulate.get(size)!, { images, labels, ...own })
    tf.dispose(own)
  }

  /** One step of AdamW by the gradients that were accumulated since the last. `number` counts from 1. */
  step(number: number, rates: LearningRates): StepNumbers {
    const factors = adamWFactors(number, rates, this.hyperparameters)
    const { numbers } = this.session.run(this.programs.step, factors)
    const [loss, clean, adversarial, square] = numbers.dataSync() as unknown as [number, number, number, number]
    tf.dispose([numbers, ...Object.values(factors)])
    return { loss, clean, adversarial, gradientNorm: Math.sqrt(square) }
  }

  /** The predictions for a batch as it is and under the inner attack, in evaluation mode. */
  predict({ images, labels, size }: Batch): {
    readonly clean: BatchPredictions
    readonly adversarial: BatchPredictions
  } {
    const { clean, adversarial } = this.session.run(this.programs.predict.get(size)!, { images, labels })
    return { clean: toHost(clean), adversarial: toHost(adversarial) }
  }

  /** Every tensor as it is now, the caller's to dispose of. */
  tensors(): TrainingTensors {
    return this.session.state()
  }

  /** Takes over the tensors of a mid-training state. They stay the caller's. */
  restore(tensors: Pick<TrainingTensors, 'values' | 'firstMoment' | 'secondMoment' | 'buffers'>): void {
    this.session.setState(tensors)
  }

  /** A copy of the model's tensors, the caller's to dispose of. */
  parameters(): Parameters {
    const { values, buffers, frozen, ...rest } = this.tensors()
    tf.dispose(rest as never)
    return parametersOf({ values, buffers, frozen })
  }

  dispose(): void {
    this.session.dispose()
  }
}

type Programs = ReturnType<typeof captured>

function captured(builder: ProgramBuilder<TrainingTensors>, settings: TrainingSessionSettings) {
  const { model, trains, sizes } = settings
  const programs: ProgramSettings = { ...settings, training: trains === 'all', foldable: foldableIn(settings) }
  const trained = trainedOf(model, trains)
  return {
    accumulate: bySize(sizes.training, (size) =>
      withExamples(settings, size, (examples, smaller) =>
        builder.capture(`accumulate_${size}`, (inputs, tensors) => accumulate(programs, inputs, tensors), examples, {
          smaller,
        }),
      ),
    ),
    step: withFactors(settings, (examples) =>
      builder.capture('step', (inputs, tensors) => step(trained, inputs, tensors), examples),
    ),
    predict: bySize(sizes.validation, (size) =>
      withExamples(settings, size, (examples, smaller) =>
        builder.capture(
          `predict_${size}`,
          (inputs, tensors) => predict(programs, inputs, tensors),
          imagesAndLabels(examples),
          { smaller: imagesAndLabels(smaller) },
        ),
      ),
    ),
  }
}

function foldableIn({ model, parameters, resolution }: TrainingSessionSettings): FoldablePair[] {
  const black: Tensor4D = tf.zeros([1, resolution, resolution, 3])
  try {
    return foldablePairs((image) => model.logits(image, parameters, evaluationMode), black)
  } finally {
    black.dispose()
  }
}

/** One program for each size. */
function bySize<P>(sizes: readonly number[], capture: (size: number) => P): ReadonlyMap<number, P> {
  return new Map([...new Set(sizes)].map((size) => [size, capture(size)]))
}

/**
 * The most images of a batch by which an accelerator's programs are compared with eager code on the CPU. With two,
 * batch norms over maps of one pixel give gradients of mere rounding.
 */
const mostCompared = 8

/** Calls `capture` with examples of this size, and with smaller ones to check the program by. */
function withExamples<P>(
  settings: TrainingSessionSettings,
  size: number,
  capture: (examples: MicroBatchInputs, smaller: MicroBatchInputs) => P,
): P {
  const [examples, smaller] = [examplesOf(settings, size), examplesOf(settings, Math.min(size, mostCompared))]
  try {
    return capture(examples, smaller)
  } finally {
    tf.dispose([...Object.values(examples), ...Object.values(smaller)])
  }
}

function imagesAndLabels({ images, labels }: MicroBatchInputs): Pick<MicroBatchInputs, 'images' | 'labels'> {
  return { images, labels }
}

/** Images of noise, since the variance of even images is 0 and batch norms divide by it. */
function examplesOf({ model, resolution }: TrainingSessionSettings, size: number): MicroBatchInputs {
  const shape = [size, resolution, resolution, 3] as const
  const pixels = uniform({ seed: 0, purpose: 'capture' }, size * resolution * resolution * 3)
  const labels = Int32Array.from({ length: size }, (_, i) => i % model.classes)
  return {
    images: tf.tensor4d(pixels, [...shape]),
    labels: tf.tensor1d(labels, 'int32'),
    keys: keyTensor(dropoutKeys(0, 0, [...labels.keys()])),
    divisor: tf.scalar(size),
  }
}

function withFactors<P>(
  { hyperparameters }: TrainingSessionSettings,
  capture: (examples: ReturnType<typeof adamWFactors>) => P,
): P {
  const factors = adamWFactors(1, { backbone: 1, head: 1 }, hyperparameters)
  try {
    return capture(factors)
  } finally {
    tf.dispose(factors)
  }
}

function toHost({ predictions, losses }: { predictions: Tensor1D; losses: Tensor1D }): BatchPredictions {
  const read = { predictions: predictions.dataSync<'int32'>(), losses: losses.dataSync<'float32'>() }
  tf.dispose([predictions, losses])
  return read
}
