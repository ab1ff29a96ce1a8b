import type { FamilyModels } from '@gauntlet/backbones'
import type { PerturbAndEvaluateInput } from '@gauntlet/contract'
import type { DatasetReader } from '@gauntlet/datasets'
import { OutOfMemory } from '@gauntlet/engine'
import {
  encodeOutcomes,
  outcomeFacts,
  outcomesMediaType,
  type CapturableModel,
  type Evaluated,
  type Evaluation,
  type OutcomeFacts,
} from '@gauntlet/evaluation'
import {
  encodePerturbedImages,
  perturbedImagesMediaType,
  type PerturbedImage,
} from '@gauntlet/evaluation/perturbed-images'
import { disposeParameters, evaluationMode } from '@gauntlet/nn'
import type { ArtifactsByRole, Digest } from '@gauntlet/study'
import type { MidStageCheckpoint, Stage, StageContext } from '../bundles/bundle-protocol.ts'
import type { DeviceProgress } from '../device-protocol.ts'
import { classifierOf, frozen, loadClassifier } from './classifier.ts'
import { rate } from './context.ts'
import type { EvaluationKind } from './evaluations/evaluation-kind.ts'
import { FellingImages, firstFallen, type FellingImage } from './felling-images.ts'
import { decodeEvaluation, encodeEvaluation, type KeptEvaluation } from './kept-evaluation.ts'
import { withImages } from './open-images.ts'

/** Most images that are read and evaluated together. */
const batchSize = 64

/** The part of an evaluation's time that keeping its progress may take. */
const keepingShare = 1 / 20

/**
 * Evaluates a checkpoint under one perturbation: the outcome of every test image, and the first few images that were
 * felled. It goes on from the progress that an earlier attempt kept.
 */
export const perturbAndEvaluate =
  (models: readonly FamilyModels[], kind: EvaluationKind): Stage<PerturbAndEvaluateInput> =>
  async (request, context) => {
    const { configuration, dataset, checkpoint, perturbation } = request.input
    const classifier = classifierOf(models, configuration)
    const parameters = loadClassifier(classifier, await context.store.read(checkpoint.checkpoint!))
    try {
      const last = await context.progress.read()
      const kept = last && decodeEvaluation(last.bytes)
      const felling = new FellingImages(kept?.felling)
      const model: CapturableModel['model'] = (batch, weights) => classifier.logits(batch, weights, evaluationMode)
      return await withImages(context, dataset, async (images) => {
        const { reader, done } = kind.testImages(images, perturbation)
        const evaluation: Evaluation = {
          perturbation,
          seed: configuration.seed,
          logits: frozen(classifier, parameters),
          network: { model, parameters },
          classes: configuration.dataset.classes,
          reader,
          batchSize,
          signal: context.signal,
          resumeFrom: kept?.saved,
          onFallen: (index, image) => felling.add(index, image),
          ...reporting(context, felling, kept && { checkpoint: last!.checkpoint, ...kept }),
        }
        const evaluated = await kind.evaluate(evaluation).catch(sayNoFewerRows)
        const facts = outcomeFacts(done, evaluated.evidence)
        const perturbed = await perturbedImages(images, evaluation, evaluated, felling)
        return { sources: {}, generated: await stored(context, reader.resolution, evaluated, facts, perturbed) }
      })
    } finally {
      disposeParameters(parameters)
    }
  }

/** A pass keeps its number of rows, since the bits of a gradient depend on it (decision 0016). */
function sayNoFewerRows(error: unknown): never {
  if (!(error instanceof OutOfMemory)) throw error
  const message =
    'A pass of this evaluation does not fit into the device’s memory, and a smaller one would give other bits; use devices with more memory, or fewer device processes on each (GAUNTLET_DEVICES).'
  throw new OutOfMemory(message, { cause: error })
}

async function stored(
  { store }: StageContext,
  side: number,
  { outcomes }: Evaluated,
  facts: OutcomeFacts,
  perturbed: readonly PerturbedImage[],
): Promise<ArtifactsByRole> {
  const file = await store.put(encodeOutcomes(outcomes, facts), outcomesMediaType)
  if (perturbed.length === 0) return { outcomes: file }
  return { outcomes: file, images: await store.put(encodePerturbedImages(perturbed, side), perturbedImagesMediaType) }
}

/** The first few fallen images, each with what felled it; none where images were evaluated as they are. */
async function perturbedImages(
  images: DatasetReader,
  { perturbation, reader }: Evaluation,
  { outcomes }: Evaluated,
  felling: FellingImages,
): Promise<PerturbedImage[]> {
  if (perturbation.name === 'clean') return []
  const found = perturbation.name === 'common' ? await corruptedFallen(reader, firstFallen(outcomes)) : felling.list()
  if (found.length === 0) return []
  const indices = found.map(({ index }) => index)
  const { images: clean } = await images.read('test', indices)
  const size = clean.length / found.length
  return found.map(({ index, pixels }, i) => ({
    index,
    clean: Uint8Array.from(clean.subarray(i * size, (i + 1) * size), (value) => Math.round(value * 255)),
    perturbed: pixels,
  }))
}

async function corruptedFallen(reader: Evaluation['reader'], indices: readonly number[]): Promise<FellingImage[]> {
  if (indices.length === 0) return []
  const { images } = await reader.read(indices)
  const size = images.length / indices.length
  return indices.map((index, i) => ({ index, pixels: images.subarray(i * size, (i + 1) * size) }))
}

/**
 * Reports every batch or block. Keeps the progress at once, then as often as `keepingShare` allows, and when told to
 * stop.
 */
function reporting(
  { progress, report, signal }: { readonly progress: MidStageCheckpoint } & Pick<StageContext, 'report' | 'signal'>,
  felling: FellingImages,
  last: (KeptEvaluation & { readonly checkpoint: Digest }) | null,
): Pick<Evaluation, 'onProgress'> {
  const resumed: Pick<DeviceProgress, 'resumedFrom'> = last
    ? { resumedFrom: { checkpoint: last.checkpoint, done: last.done, unit: 'images' } }
    : {}
  const startedAt = performance.now()
  let checkpoint = last?.checkpoint
  let dueAt = startedAt
  return {
    async onProgress({ done, total, save }) {
      if (performance.now() >= dueAt || signal.aborted) {
        const begunAt = performance.now()
        checkpoint = await progress.write(encodeEvaluation({ done, saved: await save(), felling: felling.list() }))
        dueAt = performance.now() + (performance.now() - begunAt) / keepingShare
      }
      const speed = rate(startedAt, done - (last?.done ?? 0))
      report({ done, total, unit: 'images', ...(checkpoint ? { checkpoint } : {}), ...resumed, ...speed })
    },
  }
}
