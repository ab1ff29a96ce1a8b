import { OutOfMemory, withinDeviceMemory } from '@gauntlet/engine'
import { disposeParameters, type Parameters } from '@gauntlet/nn'
import type { FineTuned, FineTuning } from './fine-tuning.ts'
import { requireTrainable } from './settings.ts'
import { TrainingRun } from './training-run.ts'

/**
 * Fine-tunes a model as the study does (arXiv:2508.14079): by AdamW, with effective batches by gradient accumulation,
 * and for the adversarial losses on images that APGD finds. On one engine the result depends on parameters, data and
 * settings alone, also where training is stopped anywhere and goes on from its last state. Only the micro-batch may
 * differ from the settings': where the device has no room for it, a smaller one is used (`onSmallerMicroBatch`), which
 * gives other bits.
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
    return openFitting(task, parameters)
  } finally {
    disposeParameters(parameters)
  }
}

/** Opens a run with the micro-batch of the settings, or half of it, and so on, until the device has room for it. */
function openFitting(task: FineTuning, parameters: Parameters): TrainingRun {
  const wanted = task.settings.hyperparameters.microBatch
  for (let microBatch = wanted; ; microBatch = Math.floor(microBatch / 2)) {
    try {
      if (microBatch < wanted) task.onSmallerMicroBatch?.(microBatch)
      const hyperparameters = { ...task.settings.hyperparameters, microBatch }
      return withinDeviceMemory(
        () => new TrainingRun({ ...task, settings: { ...task.settings, hyperparameters } }, parameters),
      )
    } catch (error) {
      if (!(error instanceof OutOfMemory) || microBatch === 1) throw error
    }
  }
}
