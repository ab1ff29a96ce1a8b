import type { PerturbAndEvaluateInput } from '@gauntlet/contract'
import type { DatasetReader } from '@gauntlet/datasets'
import {
  decodeOutcomes,
  encodeOutcomes,
  evaluate,
  outcomeFacts,
  outcomesMediaType,
  OutcomesUnreadable,
  type Evaluation,
  type ImageReader,
  type Outcome,
  type OutcomeFacts,
} from '@gauntlet/evaluation'
import { configurationId, type Digest, type Perturbation } from '@gauntlet/study'
import type { DeviceProgress } from '../device-protocol.ts'
import { classifierOf, disposeParameters, frozen, loadClassifier } from './classifier.ts'
import { commonImages } from './common-images.ts'
import { midStageCheckpoint, rate, type MidStageCheckpoint, type Stage, type StageContext } from './context.ts'
import { withImages } from './open-images.ts'

/** Images that are evaluated together; what a killed evaluation may have to repeat. */
const chunkSize = 64

/** A checkpoint under one perturbation → what became of every test image. Goes on from the chunks that are done. */
export const perturbAndEvaluate: Stage<PerturbAndEvaluateInput> = async (request, context) => {
  const { configuration, dataset, checkpoint, perturbation } = request.input
  const classifier = classifierOf(configuration)
  const parameters = loadClassifier(classifier, await context.store.read(checkpoint.checkpoint!))
  const progress = midStageCheckpoint(context, request.stageKey)
  try {
    const last = await lastOutcomes(progress)
    const encoded = await withImages(context, dataset, async (images) => {
      const { reader, done } = judgedImages(images, perturbation)
      const facts = outcomeFacts(configurationId(configuration), done)
      const outcomes = await evaluate({
        perturbation,
        seed: configuration.seed,
        logits: frozen(classifier, parameters),
        reader,
        chunkSize,
        signal: context.signal,
        resumeFrom: last?.outcomes,
        ...reporting(progress, last, facts, context),
      })
      return encodeOutcomes(outcomes, facts)
    })
    return { sources: {}, generated: { outcomes: await context.store.put(encoded, outcomesMediaType) } }
  } finally {
    disposeParameters(parameters)
  }
}

/** The outcomes to go on from. A file that cannot be read is as good as none: the evaluation starts over. */
async function lastOutcomes(progress: MidStageCheckpoint): Promise<SavedOutcomes | null> {
  const saved = await progress.read()
  try {
    return saved && { checkpoint: saved.checkpoint, outcomes: decodeOutcomes(saved.bytes).outcomes }
  } catch (error) {
    if (error instanceof OutcomesUnreadable) return null
    throw error
  }
}

interface SavedOutcomes {
  readonly checkpoint: Digest
  readonly outcomes: readonly Outcome[]
}

function reporting(
  progress: MidStageCheckpoint,
  last: SavedOutcomes | null,
  facts: OutcomeFacts,
  { report }: StageContext,
): Pick<Evaluation, 'onProgress'> {
  const resumed: Pick<DeviceProgress, 'resumedFrom'> = last
    ? { resumedFrom: { checkpoint: last.checkpoint, done: last.outcomes.length, unit: 'images' } }
    : {}
  const startedAt = performance.now()
  let doneBefore: number | undefined
  return {
    async onProgress({ done, total, outcomesSoFar }) {
      doneBefore ??= done - chunkSize
      const checkpoint: Digest = await progress.write(encodeOutcomes(outcomesSoFar, facts))
      report({ done, total, unit: 'images', checkpoint, ...resumed, ...rate(startedAt, done - doneBefore) })
    },
  }
}

interface JudgedImages {
  readonly reader: ImageReader
  /** The perturbation with an evaluator that says what was really done: where corrupted images came from is known only here. */
  readonly done: Perturbation
}

/** The test images, or for `common` their corrupted selves. */
function judgedImages(images: DatasetReader, perturbation: Perturbation): JudgedImages {
  if (perturbation.name === 'common') {
    const { reader, evaluator } = commonImages(images, perturbation.evaluator)
    return { reader, done: { ...perturbation, evaluator } }
  }
  const reader: ImageReader = {
    count: images.count('test'),
    resolution: images.manifest.resolution,
    read: (indices) => images.read('test', indices),
  }
  return { reader, done: perturbation }
}
