import type { FamilyModels } from '@gauntlet/backbones'
import type { CheckpointInput } from '@gauntlet/contract'
import type { DatasetReader } from '@gauntlet/datasets'
import { tf, type Tensor2D, type Tensor4D } from '@gauntlet/engine'
import { disposeParameters, type Parameters } from '@gauntlet/nn'
import { canonicalJson, type ArtifactsByRole, type Configuration } from '@gauntlet/study'
import { fromParameters, writeSafetensors } from '@gauntlet/weights'
import { classifierOf, frozen, loadClassifier, type Classifier } from './classifier.ts'
import type { Stage, StageContext } from '../bundles/bundle-protocol.ts'
import { rate } from './context.ts'
import { withImages } from './open-images.ts'
import { trainedMetadata } from './trained-metadata.ts'

/** Images in one forward pass. */
const batchSize = 64

/**
 * Makes the configuration's checkpoint from the trained parameters: reads them back, refuses them unless every tensor
 * is there and finite, and stores them, in the bytes that training wrote. The checkpoint opens in PyTorch as
 * safetensors, under timm's names. Its accuracy on the validation images is measured and stored beside it, with what
 * the checkpoint is of; no accuracy is too low.
 */
export const checkpoint =
  (models: readonly FamilyModels[]): Stage<CheckpointInput> =>
  async ({ input: { configuration, dataset, trained } }, context) => {
    const classifier = classifierOf(models, configuration)
    const parameters = loadClassifier(classifier, await context.store.read(trained.trained!))
    const logits = frozen(classifier, parameters)
    try {
      const sanity = await withImages(context, dataset, (images) => validationAccuracy(images, logits, context))
      return { sources: {}, generated: await storeCheckpoint(configuration, classifier, parameters, sanity, context) }
    } finally {
      logits.dispose()
      disposeParameters(parameters)
    }
  }

async function storeCheckpoint(
  configuration: Configuration,
  { parameterSpecifications }: Classifier,
  parameters: Parameters,
  sanity: SanityCheck,
  { store }: StageContext,
): Promise<ArtifactsByRole> {
  const { dataset, loss, protocol } = configuration
  const arrays = fromParameters(parameters, parameterSpecifications)
  const file = writeSafetensors(arrays, trainedMetadata(configuration))
  const said = { ...sanity, dataset: dataset.id, loss, protocol: protocol.id }
  return {
    checkpoint: await store.put(file, 'application/vnd.safetensors'),
    sanity: await store.put(new TextEncoder().encode(canonicalJson(said)), 'application/json'),
  }
}

interface SanityCheck {
  readonly split: 'validation'
  readonly correct: number
  readonly total: number
}

/** Correct predictions on the validation images, as training counted them at its end, but from the stored bytes. */
async function validationAccuracy(
  images: DatasetReader,
  logits: (images: Tensor4D) => Tensor2D,
  { signal, report }: StageContext,
): Promise<SanityCheck> {
  const total = images.count('validation')
  const startedAt = performance.now()
  let correct = 0
  for (let done = 0; done < total; done += batchSize) {
    signal.throwIfAborted()
    const indices = Array.from({ length: Math.min(batchSize, total - done) }, (_, i) => done + i)
    const { images: pixels, labels } = await images.read('validation', indices)
    const side = images.manifest.resolution
    const predictions = tf.tidy(() =>
      logits(tf.tensor4d(pixels, [indices.length, side, side, 3]))
        .argMax(1)
        .dataSync(),
    )
    correct += labels.filter((label, i) => label === predictions[i]).length
    report({ done: done + indices.length, total, unit: 'images', ...rate(startedAt, done + indices.length) })
  }
  return { split: 'validation', correct, total }
}
