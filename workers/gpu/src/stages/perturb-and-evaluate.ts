import type { PerturbAndEvaluateInput } from '@gauntlet/contract'
import type { DatasetReader } from '@gauntlet/datasets'
import {
  encodeOutcomes,
  evaluate,
  outcomeFacts,
  outcomesMediaType,
  type CapturableModel,
  type Evaluated,
  type Evaluation,
  type ImageReader,
  type OutcomeFacts,
} from '@gauntlet/evaluation'
import { disposeParameters, evaluationMode } from '@gauntlet/nn'
import { configurationId, type ArtifactsByRole, type Digest, type Perturbation } from '@gauntlet/study'
import type { DeviceProgress } from '../device-protocol.ts'
import { evaluatedSheet } from '../sheet/evaluated-sheet.ts'
import { classifierOf, frozen, loadClassifier } from './classifier.ts'
import { commonImages } from './corrupted-images.ts'
import { midStageCheckpoint, rate, type MidStageCheckpoint, type Stage, type StageContext } from './context.ts'
import { decodeEvaluation, encodeEvaluation, type KeptEvaluation } from './kept-evaluation.ts'
import { withImages } from './open-images.ts'

/** Most images that are read and evaluated together. */
const batchSize = 64

/** The part of an evaluation's time that keeping its progress may take. */
const keepingShare = 1 / 20

/**
 * Evaluates a checkpoint under one perturbation: the outcome of every test image, and under attack a sheet of some. It
 * goes on from the progress that an earlier attempt kept.
 */
export const perturbAndEvaluate: Stage<PerturbAndEvaluateInput> = async (request, context) => {
  const { configuration, dataset, checkpoint, perturbation } = request.input
  const classifier = classifierOf(configuration)
  const parameters = loadClassifier(classifier, await context.store.read(checkpoint.checkpoint!))
  const logits = frozen(classifier, parameters)
  const progress = midStageCheckpoint(context, request.stageKey)
  try {
    const last = await progress.read()
    const kept = last && decodeEvaluation(last.bytes)
    const model: CapturableModel['model'] = (batch, weights) => classifier.logits(batch, weights, evaluationMode)
    return await withImages(context, dataset, async (images) => {
      const { reader, done } = testImages(images, perturbation)
      const evaluation: Evaluation = {
        perturbation,
        seed: configuration.seed,
        logits,
        network: { model, parameters },
        classes: configuration.dataset.classes,
        reader,
        batchSize,
        signal: context.signal,
        resumeFrom: kept?.saved,
        ...reporting(progress, kept && { checkpoint: last!.checkpoint, ...kept }, context),
      }
      const evaluated = await evaluate(evaluation)
      const facts = outcomeFacts(configurationId(configuration), done, evaluated.evidence)
      return { sources: {}, generated: await stored(evaluation, evaluated, facts, context) }
    })
  } finally {
    logits.dispose()
    disposeParameters(parameters)
  }
}

/** Stores the outcomes, and where images were attacked a sheet of some. */
async function stored(
  { perturbation, logits, reader, seed }: Evaluation,
  { outcomes }: Evaluated,
  facts: OutcomeFacts,
  { store }: StageContext,
): Promise<ArtifactsByRole> {
  const generated = { outcomes: await store.put(encodeOutcomes(outcomes, facts), outcomesMediaType) }
  if (!('epsilon' in perturbation)) return generated
  const sheet = await evaluatedSheet({ perturbation, logits, reader, outcomes, seed })
  return { ...generated, sheet: await store.put(sheet, 'image/png') }
}

/** Reports every batch or block, and keeps the progress at once and then as often as `keepingShare` allows. */
function reporting(
  progress: MidStageCheckpoint,
  last: (KeptEvaluation & { readonly checkpoint: Digest }) | null,
  { report }: StageContext,
): Pick<Evaluation, 'onProgress'> {
  const resumed: Pick<DeviceProgress, 'resumedFrom'> = last
    ? { resumedFrom: { checkpoint: last.checkpoint, done: last.done, unit: 'images' } }
    : {}
  const startedAt = performance.now()
  let checkpoint = last?.checkpoint
  let dueAt = startedAt
  return {
    async onProgress({ done, total, save }) {
      if (performance.now() >= dueAt) {
        const begunAt = performance.now()
        checkpoint = await progress.write(encodeEvaluation({ done, saved: await save() }))
        dueAt = performance.now() + (performance.now() - begunAt) / keepingShare
      }
      const speed = rate(startedAt, done - (last?.done ?? 0))
      report({ done, total, unit: 'images', ...(checkpoint ? { checkpoint } : {}), ...resumed, ...speed })
    },
  }
}

interface TestImages {
  readonly reader: ImageReader
  /** The perturbation as it is evaluated: only here it is known whether corrupted images are archived or generated. */
  readonly done: Perturbation
}

/** The test images, for `common` corrupted. */
function testImages(images: DatasetReader, perturbation: Perturbation): TestImages {
  if (perturbation.name === 'common') {
    const { reader, evaluator } = commonImages(images, perturbation.evaluator)
    return { reader, done: { ...perturbation, evaluator } }
  }
  const reader: ImageReader = {
    count: images.count('test'),
    resolution: images.manifest.resolution,
    entry: (index) => images.entry('test', index),
    read: (indices) => images.read('test', indices),
  }
  return { reader, done: perturbation }
}
