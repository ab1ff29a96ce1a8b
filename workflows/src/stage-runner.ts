import {
  failureClassOf,
  ledgerQueue,
  poolDescriptionQueue,
  poolQueue,
  type AttemptEvidence,
  type DescriptionActivities,
  type FailureClass,
  type GpuActivities,
  type LedgerActivities,
  type StageProgress,
  type StageRequest,
  type StageResult,
  type WorkerDescription,
} from '@gauntlet/contract'
import { stageKey, type ArtifactsByRole, type Digest, type StageIdentity } from '@gauntlet/study'
import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  sleep,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow'
import { RetryBudget } from './retry-budget.ts'
import { stageFailed, type FailedStage } from './stage-failure.ts'

/** What no later try of a ledger activity can mend: bytes are missing or wrong, or rows contradict each other. */
const lasting = [
  'ArtifactMissing',
  'ArtifactCorrupt',
  'CoverageBroken',
  'OutcomesUnreadable',
  'LineageBroken',
  'InvalidDataset',
  'StudyFileInvalid',
]

/**
 * Rows: idempotent, tried until the ledger answers. Most take milliseconds, hashing a large artifact minutes; the
 * heartbeats tell work from a task that a busy server handed out and lost.
 */
export const ledger = proxyActivities<LedgerActivities>({
  taskQueue: ledgerQueue,
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '20 s',
  retry: { initialInterval: '500 ms', maximumInterval: '30 s', nonRetryableErrorTypes: lasting },
})

/**
 * Tensor work: one attempt per activity, because each failure class has its own budget and every failed attempt is a
 * row. There is no limit on waiting for a free device; a worker that stops heartbeating is lost.
 */
export function gpuActivities(pool: string) {
  return proxyActivities<GpuActivities>({
    taskQueue: poolQueue(pool),
    startToCloseTimeout: '7 days',
    heartbeatTimeout: '20 s',
    retry: { maximumAttempts: 1 },
  })
}

/** What a pool's workers say of themselves; asked again until one answers. */
export function askPool(pool: string): Promise<WorkerDescription> {
  return proxyActivities<DescriptionActivities>({
    taskQueue: poolDescriptionQueue(pool),
    startToCloseTimeout: '10 s',
  }).describeWorker()
}

interface StageRun<Input> {
  readonly identity: StageIdentity
  readonly worker: WorkerDescription
  /** Null for stages that several configurations share. */
  readonly configurationId: Digest | null
  readonly used: ArtifactsByRole
  readonly input: Input
  /** The configuration's micro-batch, halved after each `OutOfMemory`. */
  readonly microBatch?: number
  readonly activity: (request: StageRequest<Input>) => Promise<StageResult>
}

/** What a stage left, and the key it can be found under. */
export interface StageOutputs {
  readonly stageKey: Digest
  readonly generated: ArtifactsByRole
}

/**
 * Runs one stage to its end: reuse what is fulfilled, else try until it is or its budget is spent. Every attempt
 * becomes a row.
 */
export function runStage<Input>(run: StageRun<Input>): Promise<StageOutputs> {
  const key = stageKey(run.identity)
  return asStage({ stage: run.identity.stage, stageKey: key }, () => recallOrRun(run, key))
}

/** Whatever a ledger activity cannot do for good is a failure of the stage it was for. */
export async function asStage<Result>(stage: FailedStage, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error
    const { failureClass, message } = readFailure(error)
    throw stageFailed(failureClass, stage, message)
  }
}

async function recallOrRun<Input>(run: StageRun<Input>, key: Digest): Promise<StageOutputs> {
  const recalled = await ledger.recall({ stageKey: key })
  if (recalled) return { stageKey: key, generated: recalled.generated }
  const budget = new RetryBudget(run.microBatch)
  for (let attempt = 1; ; attempt++) {
    const tried = await tryOnce(run, {
      stageKey: key,
      identity: run.identity,
      attempt,
      input: run.input,
      ...budget.reduced,
    })
    if ('result' in tried) return { stageKey: key, generated: (await fulfil(run, attempt, tried.result)).generated }
    await recordFailure(run, attempt, tried.failure)
    const pause = budget.pauseAfter(tried.failure.failureClass, tried.failure.evidence.microBatch)
    if (pause === null) {
      const failed = { stage: run.identity.stage, stageKey: key }
      throw stageFailed(tried.failure.failureClass, failed, tried.failure.message)
    }
    if (pause > 0) await sleep(pause)
  }
}

async function tryOnce<Input>(
  run: StageRun<Input>,
  request: StageRequest<Input>,
): Promise<{ readonly result: StageResult } | { readonly failure: ReadFailure }> {
  try {
    return { result: await run.activity(request) }
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error
    return { failure: readFailure(error) }
  }
}

function fulfil<Input>(run: StageRun<Input>, attempt: number, result: StageResult) {
  const { identity, configurationId, worker } = run
  const used = { ...run.used, ...result.sources }
  return ledger.fulfil({
    identity,
    configurationId,
    attempt,
    workflow: thisWorkflow(),
    used,
    result,
    environment: worker.environment,
  })
}

async function recordFailure<Input>(run: StageRun<Input>, attempt: number, failure: ReadFailure): Promise<void> {
  const { identity, configurationId, worker } = run
  await ledger.recordFailedAttempt({
    identity,
    configurationId,
    attempt,
    workflow: thisWorkflow(),
    failureClass: failure.failureClass,
    message: failure.message,
    evidence: failure.evidence,
    environment: worker.environment,
  })
}

function thisWorkflow() {
  const { workflowId, runId } = workflowInfo()
  return { workflowId, runId }
}

interface ReadFailure {
  readonly failureClass: FailureClass
  readonly message: string
  readonly evidence: Partial<AttemptEvidence>
}

/** What is known of an attempt that ended without a word: who, where, and how far it had come. */
function lastWords(heartbeat: StageProgress | undefined): Partial<AttemptEvidence> {
  if (!heartbeat) return {}
  const { worker, device, startedAt, done, total, unit, checkpoint, resumedFrom } = heartbeat
  const lastProgress = { done, total, unit, ...(checkpoint ? { checkpoint } : {}) }
  return { worker, device, startedAt, lastProgress, ...(resumedFrom ? { resumedFrom } : {}) }
}

/** The class of an activity's failure: its own word, or a lost worker when the heartbeats stopped. */
function readFailure({ cause }: ActivityFailure): ReadFailure {
  if (cause instanceof TimeoutFailure) {
    const message = `The worker stopped answering (${cause.timeoutType} time-out).`
    return {
      failureClass: 'WorkerLost',
      message,
      evidence: lastWords(cause.lastHeartbeatDetails as StageProgress | undefined),
    }
  }
  if (cause instanceof ApplicationFailure) {
    const evidence = (cause.details?.[0] ?? {}) as ReadFailure['evidence']
    return { failureClass: failureClassOf(cause.type), message: cause.message, evidence }
  }
  return { failureClass: 'Bug', message: cause?.message ?? 'The activity failed without a cause.', evidence: {} }
}
