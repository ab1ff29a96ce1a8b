import { microBatchBelow, type FineTuneInput, type WorkerDescription } from '@gauntlet/contract'
import { ledger } from './ledger.ts'
import { StageFailed, stageFailureOf } from './stage-failure.ts'
import { asStage, type StageOutputs } from './stage-runner.ts'
import type { stagesOn } from './stages.ts'

/**
 * Fine-tunes with the largest micro-batch that is not known to run out of memory in the pool's environment. Where it
 * does run out, that is recorded with the attempt, and fine-tuning goes on under another key with half of it, if the
 * configuration allows that.
 */
export async function fineTuneInMemory(
  stages: Pick<ReturnType<typeof stagesOn>, 'fineTune'>,
  worker: WorkerDescription,
  input: Omit<FineTuneInput, 'microBatch'>,
): Promise<StageOutputs> {
  const { configuration } = input
  const { environmentClass } = worker
  const own = configuration.hyperparameters.microBatch
  const known = () => ledger.outOfMemoryAt({ configuration, environmentClass })
  let ranOutAt = await asStage({ stage: 'fine-tune' }, known)
  for (;;) {
    const microBatch = microBatchBelow(own, ranOutAt)
    refuseShrinking(input, microBatch)
    try {
      return await stages.fineTune({ ...input, microBatch: microBatch! })
    } catch (error) {
      if (stageFailureOf(error).failureClass !== 'OutOfMemory') throw error
      ranOutAt = microBatch
    }
  }
}

function refuseShrinking(
  { configuration: { backbone, hyperparameters } }: Omit<FineTuneInput, 'microBatch'>,
  microBatch: number | null,
): void {
  const { microBatch: own, microBatchMayShrink } = hyperparameters
  if (microBatch === own || (microBatch !== null && microBatchMayShrink)) return
  const message =
    microBatch === null
      ? `Not even one image of ${backbone.id} fits into this pool's memory; use devices with more.`
      : `A micro-batch of ${own} does not fit into this pool's memory, and a smaller one changes the batch norms of ${backbone.id}; set microBatch to at most ${microBatch}, or microBatchMayShrink: true.`
  throw new StageFailed('OutOfMemory', { stage: 'fine-tune' }, message)
}
