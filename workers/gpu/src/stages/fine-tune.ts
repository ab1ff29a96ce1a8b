import { freshHead, type FamilyModels } from '@gauntlet/backbones'
import type { FineTuneInput } from '@gauntlet/contract'
import { openReadThreads, type AugmentedReads, type DatasetReader } from '@gauntlet/datasets'
import { disposeParameters } from '@gauntlet/nn'
import { canonicalJson, type ArtifactsByRole, type Configuration, type Digest } from '@gauntlet/study'
import {
  decodeTrainingState,
  encodeTrainingState,
  fineTuneModel,
  TrainingStateInvalid,
  type FineTuned,
  type FineTuning,
  type TrainingData,
} from '@gauntlet/training'
import { fromParameters, writeSafetensors } from '@gauntlet/weights'
import type { DeviceProgress } from '../device-protocol.ts'
import { classifierOf, loadClassifier, type Classifier } from './classifier.ts'
import type { MidStageCheckpoint, Stage, StageContext } from '../bundles/bundle-protocol.ts'
import { rate } from './context.ts'
import { withImages } from './open-images.ts'
import { trainedMetadata } from './trained-metadata.ts'

/** Fine-tunes pretrained parameters with a fresh head, from the last mid-training state where there is one. */
export const fineTune =
  (models: readonly FamilyModels[]): Stage<FineTuneInput> =>
  async (request, context) => {
    const { configuration, dataset, pretrained, microBatch } = request.input
    const classifier = classifierOf(models, configuration)
    const head = () => freshHead(classifier.backbone, classifier.classes, configuration.seed)
    const { progress } = context
    const trained = await withImages(context, dataset, async (images) => {
      const threads = openReadThreads(images)
      const whole = {
        model: classifier,
        parameters: async () => loadClassifier(classifier, await context.store.read(pretrained.parameters!), head()),
        settings: settingsOf(configuration, microBatch),
        training: augmented(images, threads, configuration),
        ...(images.count('validation') > 0 ? { validation: plain(images, 'validation') } : {}),
        signal: context.signal,
      }
      return trainOn(whole, progress, context).finally(() => threads.close())
    })
    return { sources: {}, generated: await storeTrained(configuration, classifier, trained, context) }
  }

/** Trains from the last state. Where it is damaged, or of another training, training starts from its beginning. */
async function trainOn(whole: FineTuning, progress: MidStageCheckpoint, context: StageContext): Promise<FineTuned> {
  const saved = await progress.read()
  if (!saved) return fineTuneModel({ ...whole, ...reporting(progress, context) })
  try {
    const resumeFrom = decodeTrainingState(saved.bytes)
    const resumedFrom = { checkpoint: saved.checkpoint, done: resumeFrom.position.step, unit: 'steps' } as const
    // So that it is known of an attempt that gets no further.
    context.report({ done: 0, total: 0, unit: 'images', resumedFrom })
    return await fineTuneModel({ ...whole, resumeFrom, ...reporting(progress, context, { resumedFrom }) })
  } catch (error) {
    if (!(error instanceof TrainingStateInvalid)) throw error
    console.warn(`Fine-tuning starts over: ${error.message}`, error.cause ?? '')
    return fineTuneModel({ ...whole, ...reporting(progress, context) })
  }
}

/** Saves the mid-training states, and reports how far training is. */
function reporting(
  progress: MidStageCheckpoint,
  { report }: StageContext,
  resumed: Pick<DeviceProgress, 'resumedFrom'> = {},
): Pick<FineTuning, 'onCheckpoint' | 'onProgress'> {
  const startedAt = performance.now()
  let imagesBefore: number | undefined
  let last: { checkpoint?: Digest } = {}
  return {
    onCheckpoint: async (state) => void (last = { checkpoint: await progress.write(encodeTrainingState(state)) }),
    onProgress: ({ images: done, totalImages: total }) => {
      imagesBefore ??= done
      report({ done, total, unit: 'images', ...rate(startedAt, done - imagesBefore), ...last, ...resumed })
    },
  }
}

async function storeTrained(
  configuration: Configuration,
  { parameterSpecifications }: Classifier,
  { parameters, history }: FineTuned,
  { store }: StageContext,
): Promise<ArtifactsByRole> {
  const arrays = fromParameters(parameters, parameterSpecifications)
  disposeParameters(parameters)
  return {
    trained: await store.put(writeSafetensors(arrays, trainedMetadata(configuration)), 'application/vnd.safetensors'),
    history: await store.put(new TextEncoder().encode(canonicalJson(history)), 'application/json'),
  }
}

function settingsOf({ loss, protocol, seed, hyperparameters }: Configuration, microBatch: number) {
  return { loss, protocol, seed, hyperparameters: { ...hyperparameters, microBatch } }
}

/** The training images, augmented anew each epoch by numbers that depend on seed, image and epoch alone. */
function augmented(
  images: DatasetReader,
  threads: AugmentedReads,
  { seed, hyperparameters: { augmentation } }: Configuration,
): TrainingData {
  const { count, resolution } = plain(images, 'train')
  const settings = { ...augmentation } // what threads are sent must be plain
  return {
    count,
    resolution,
    read: (indices, epoch) => threads.readAugmented(indices, settings, { seed, epoch }),
    reuse: (images) => threads.reuse(images),
  }
}

function plain(images: DatasetReader, split: 'train' | 'validation'): TrainingData {
  return {
    count: images.count(split),
    resolution: images.manifest.resolution,
    read: (indices) => images.read(split, indices),
  }
}
