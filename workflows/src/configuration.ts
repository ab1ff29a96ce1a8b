import {
  type ConfigurationResult,
  type ConfigurationWorkflowInput,
  type EvaluatedPerturbation,
  type WorkerDescription,
  stageCodesOf,
} from '@gauntlet/contract'
import { configurationId, type Perturbation } from '@gauntlet/study'
import { isCancellation, sleep } from '@temporalio/workflow'
import { aggregate } from './aggregate.ts'
import { fineTuneInMemory } from './fine-tune-in-memory.ts'
import { stageFailureOf, type StageFailure } from './stage-failure.ts'
import { askPool, ledger } from './stage-runner.ts'
import { stagesOn } from './stages.ts'

/**
 * How often a configuration makes its keys again because the pool's workers changed. With the pauses between it lasts
 * five minutes, as long as a roll-out may take.
 */
const workerChanges = 10

/**
 * Runs one configuration: pretrain-load → fine-tune → checkpoint → perturb-and-evaluate → aggregate. It never throws
 * because a stage failed: a missing cell is a recorded result, and the other configurations go on.
 */
export async function configuration(input: ConfigurationWorkflowInput): Promise<ConfigurationResult> {
  for (let change = 0; ; change++) {
    const worker = await askPool(input.pool, stageCodesOf([input.configuration], input.perturbations))
    try {
      return await runConfiguration(input, worker)
    } catch (error) {
      if (isCancellation(error)) throw error
      const failure = stageFailureOf(error)
      if (failure.failureClass !== 'WorkerChanged' || change === workerChanges) return endWithoutNumbers(input, failure)
      await sleep(Math.min(1_000 * 2 ** change, 60_000))
    }
  }
}

async function runConfiguration(
  input: ConfigurationWorkflowInput,
  worker: WorkerDescription,
): Promise<ConfigurationResult> {
  const { configuration, perturbations, pool } = input
  const stages = stagesOn(pool, worker)
  const { generated: dataset } = await stages.prepareDataset(configuration.dataset)
  const { generated: pretrained } = await stages.pretrainLoad(configuration.backbone)
  const { generated: trained } = await fineTuneInMemory(stages, worker, { configuration, dataset, pretrained })
  const { generated: checkpoint } = await stages.checkpoint({ configuration, dataset, trained })
  const evaluate = async (perturbation: Perturbation): Promise<EvaluatedPerturbation> => {
    const { stageKey, generated } = await stages.perturbAndEvaluate({
      configuration,
      dataset,
      checkpoint,
      perturbation,
    })
    return { perturbation, stageKey, outcomes: generated.outcomes! }
  }
  return aggregate(input, dataset, await Promise.allSettled(perturbations.map(evaluate)))
}

async function endWithoutNumbers(
  input: ConfigurationWorkflowInput,
  failure: StageFailure,
): Promise<ConfigurationResult> {
  const id = configurationId(input.configuration)
  await ledger.recordMissingCell({ studyId: input.studyId, configurationId: id, ...failure })
  const outcome = failure.failureClass === 'Diverged' ? 'diverged' : 'failed'
  return { configurationId: id, outcome, measurements: [], failures: [failure] }
}
