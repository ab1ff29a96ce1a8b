import type { KeyedStage } from '@gauntlet/study'
import type { StageRequest } from '@gauntlet/contract'
import type { DeviceResult } from '../device-protocol.ts'
import { checkpoint } from './checkpoint.ts'
import { midStageCheckpoint, unreportedResult, type Stage, type StageContext } from './context.ts'
import { fineTune } from './fine-tune.ts'
import { perturbAndEvaluate } from './perturb-and-evaluate.ts'
import { prepareDataset } from './prepare-dataset.ts'
import { pretrainLoad } from './pretrain-load.ts'

const stages: Readonly<Record<KeyedStage, Stage<never>>> = {
  'prepare-dataset': prepareDataset,
  'pretrain-load': pretrainLoad,
  'fine-tune': fineTune,
  checkpoint,
  'perturb-and-evaluate': perturbAndEvaluate,
}

/** Runs one attempt at one stage in this process, unless an attempt before it finished and only could not say so. */
export async function computeStage(
  stage: KeyedStage,
  request: StageRequest<unknown>,
  context: StageContext,
): Promise<DeviceResult> {
  const unreported = unreportedResult(context, request.stageKey)
  const before = await unreported.read()
  if (before) {
    context.report({ done: 1, total: 1, unit: 'steps', resumedFrom: 'finished' })
    return before
  }
  const result = await stages[stage](request as StageRequest<never>, context)
  await unreported.write(result)
  await midStageCheckpoint(context, request.stageKey).clear()
  return result
}
