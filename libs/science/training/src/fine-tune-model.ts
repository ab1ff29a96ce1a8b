import { withinDeviceMemory } from '@gauntlet/engine'
import { disposeParameters } from '@gauntlet/nn'
import type { FineTuned, FineTuning } from './fine-tuning.ts'
import { requireTrainable } from './settings.ts'
import { TrainingRun } from './training-run.ts'

/**
 * Fine-tunes a model as the study does (arXiv:2508.14079): by AdamW, with effective batches by gradient accumulation,
 * and for the adversarial losses on images that APGD finds. On one engine the result depends on parameters, data and
 * settings alone, also where training is stopped anywhere and goes on from its last state. Throws `OutOfMemory` where
 * the device has no room for the micro-batch.
 */
export async function fineTuneModel(task: FineTuning): Promise<FineTuned> {
  requireTrainable(task.settings, task.training.count)
  const run = await open(task)
  try {
    return await run.toEnd()
  } finally {
    run.dispose()
  }
}

/** Reads the parameters, copies them to a run, and disposes of them. */
async function open(task: FineTuning): Promise<TrainingRun> {
  const parameters = await task.parameters()
  try {
    return withinDeviceMemory(() => new TrainingRun(task, parameters))
  } finally {
    disposeParameters(parameters)
  }
}
