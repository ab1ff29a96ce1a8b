import {
  endedSignal,
  pretrainLoadInputOf,
  stageCodesOf,
  stopSignal,
  untrained,
  waitSignal,
  type ConfigurationResult,
  type ConfigurationWord,
  type ConfigurationWorkflowInput,
  type EvaluatedPerturbation,
  type SharedOutputs,
} from '@gauntlet/contract'
import { configurationId, type Digest, type Perturbation } from '@gauntlet/study'
import {
  CancellationScope,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
  setWorkflowOptions,
  sleep,
} from '@temporalio/workflow'
import { aggregate } from './aggregate.ts'
import { fineTuneInMemory } from './fine-tune-in-memory.ts'
import { describePlace } from './gpu-pool.ts'
import { ledger } from './ledger.ts'
import { stageFailureOf, type StageFailure } from './stage-failure.ts'
import { newMemory, type StageMemory } from './stage-runner.ts'
import { stagesOn } from './stages.ts'

/**
 * How often a configuration makes its keys again because the pool's workers changed. With the pauses between it lasts
 * five minutes, as long as a roll-out may take.
 */
const workerChanges = 10

/** How often a configuration has lost artifacts made again. A store that loses more of them is not worth the work. */
const healings = 5

/**
 * Runs one configuration: pretrain-load → fine-tune → checkpoint → perturb-and-evaluate → aggregate. The protocol
 * `none` leaves fine-tune out. It never throws because a stage failed: a missing cell is a recorded result, and the
 * other configurations go on. At its end, however it ends, it tells the studies that wait for it and did not start it.
 */
export async function configuration(input: ConfigurationWorkflowInput): Promise<ConfigurationResult> {
  const waiting = new Set<string>()
  const scope = new CancellationScope()
  let word: ConfigurationWord = { configurationId: configurationId(input.configuration) }
  setHandler(defineSignal<[studyWorkflowId: string]>(waitSignal), (study) => void waiting.add(study))
  setHandler(defineSignal<[studyIds: readonly Digest[], studyWorkflowId: string]>(stopSignal), (studyIds, study) => {
    const isMeant = studyIds.includes(input.studyId)
    if (!isMeant) return tell(study, word) // It goes on, for another study.
    waiting.add(study)
    return scope.cancel()
  })
  try {
    const result = await scope.run(() => runToItsEnd(input))
    word = result
    return result
  } finally {
    await CancellationScope.nonCancellable(async () => {
      for (const study of waiting) {
        waiting.delete(study) // so that one that asks again meanwhile, like one that asks only now, is told
        await tell(study, word)
      }
    })
  }
}

// It ends with the workflows that it began with, whatever is deployed meanwhile.
setWorkflowOptions({ versioningBehavior: 'PINNED' }, configuration)

async function tell(study: string, word: ConfigurationWord): Promise<void> {
  const ended = defineSignal<[ConfigurationWord]>(endedSignal)
  try {
    await getExternalWorkflowHandle(study).signal(ended, word)
  } catch {
    // That study has ended meanwhile and waits for nothing.
  }
}

type Ended = Pick<ConfigurationResult, 'outcome' | 'measurements' | 'failures'>

async function runToItsEnd(input: ConfigurationWorkflowInput): Promise<ConfigurationResult> {
  const memory = newMemory()
  let [shared, changes, healed] = [input.shared, 0, 0]
  const ended = (result: Ended): ConfigurationResult => ({
    studyId: input.studyId,
    configurationId: configurationId(input.configuration),
    workersChanged: changes > 0,
    deviceSeconds: memory.deviceSeconds,
    ...result,
  })
  for (;;) {
    try {
      const { measurements, failures } = await runOnce(input, shared, memory)
      return ended({ outcome: measurements.length > 0 ? 'measured' : 'failed', measurements, failures })
    } catch (error) {
      if (isCancellation(error)) throw error
      const failure = stageFailureOf(error)
      shared = undefined
      if (failure.failureClass === 'WorkerChanged' && changes < workerChanges) {
        await sleep(Math.min(1_000 * 2 ** changes, 60_000))
        changes += 1
      } else if (failure.failureClass === 'ArtifactLost' && healed < healings) {
        if (failure.lostArtifact) memory.lost.add(failure.lostArtifact)
        healed += 1
      } else return ended(await endWithoutNumbers(input, failure))
    }
  }
}

/** Runs every stage that is not known. */
async function runOnce(
  input: ConfigurationWorkflowInput,
  shared: SharedOutputs | undefined,
  memory: StageMemory,
): Promise<Omit<Ended, 'outcome'>> {
  const { studyId, configuration, perturbations, pool, fetch, weight } = input
  const place = { pool, ...(fetch ? { fetch } : {}), ...(weight ? { share: { studyId, weight } } : {}) }
  const worker = shared?.worker ?? (await describePlace(place, stageCodesOf([configuration], perturbations)))
  const stages = stagesOn(place, worker, memory)
  const dataset = shared?.dataset ?? (await stages.prepareDataset(configuration.dataset)).generated
  const pretrained = shared?.pretrained ?? (await stages.pretrainLoad(pretrainLoadInputOf(configuration))).generated
  const { generated: trained } =
    configuration.protocol.trains === 'nothing'
      ? { generated: untrained(pretrained) }
      : await fineTuneInMemory(stages, worker, { configuration, dataset, pretrained })
  const { generated: checkpoint } = await stages.checkpoint({ configuration, dataset, trained })
  const evaluate = async (perturbation: Perturbation): Promise<EvaluatedPerturbation> => {
    const evaluation = { configuration, dataset, checkpoint, perturbation }
    const { stageKey, generated } = await stages.perturbAndEvaluate(evaluation)
    return { perturbation, stageKey, outcomes: generated.outcomes! }
  }
  return aggregate(input, dataset, await Promise.allSettled(perturbations.map(evaluate)))
}

async function endWithoutNumbers(
  { studyId, configuration }: ConfigurationWorkflowInput,
  { stage, stageKey, failureClass, message }: StageFailure,
): Promise<Ended> {
  const cell = { stage, ...(stageKey ? { stageKey } : {}), failureClass, message }
  await ledger.recordMissingCell({ studyId, configurationId: configurationId(configuration), ...cell })
  const outcome = failureClass === 'Diverged' ? 'diverged' : 'failed'
  return { outcome, measurements: [], failures: [{ stage, failureClass, message }] }
}
