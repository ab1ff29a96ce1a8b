import {
  codeOfIdentity,
  environmentOf,
  failureClassOf,
  ledgerQueue,
  poolDescriptionQueue,
  poolQueue,
  stageCodeParts,
  type AttemptEvidence,
  type DescriptionActivities,
  type FailureClass,
  type GpuActivities,
  type LedgerActivities,
  type StageCode,
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
  patched,
  proxyActivities,
  sleep,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow'
import { RetryBudget } from './retry-budget.ts'
import { stageFailed, type FailedStage } from './stage-failure.ts'

/**
 * The errors of ledger activities that no retry can mend, by their classes: bytes are missing or wrong, or rows
 * contradict each other.
 */
const nonRetryable = [
  'ArtifactMissing',
  'ArtifactCorrupt',
  'CoverageBroken',
  'OutcomesUnreadable',
  'LineageBroken',
  'InvalidDataset',
  'StudyFileInvalid',
]

/**
 * Activities of the ledger. They are idempotent and are ended until the ledger answers. Most take milliseconds, but
 * hashing a large artifact takes minutes; heartbeats tell such work from a task that a busy server handed out and lost.
 */
export const ledger = proxyActivities<LedgerActivities>({
  taskQueue: ledgerQueue,
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '20 s',
  retry: { initialInterval: '500 ms', maximumInterval: '30 s', nonRetryableErrorTypes: nonRetryable },
})

/**
 * Activities of GPU workers. Temporal makes one attempt only, because each failure class has a budget of its own and
 * every failed attempt is recorded. Waiting for a free device has no limit; a worker whose heartbeats stop is lost.
 */
export function gpuActivities(pool: string) {
  return proxyActivities<GpuActivities>({
    taskQueue: poolQueue(pool),
    startToCloseTimeout: '7 days',
    heartbeatTimeout: '20 s',
    retry: { maximumAttempts: 1 },
  })
}

/** Asks a pool for the description of its workers, again and again until one answers. */
export async function askPool(pool: string, codes: readonly StageCode[]): Promise<WorkerDescription> {
  const { describeWorker } = proxyActivities<DescriptionActivities>({
    taskQueue: poolDescriptionQueue(pool),
    // The worker may have to make bundles that nobody has asked for yet.
    startToCloseTimeout: '2 minutes',
  })
  return upToDate(await describeWorker(codes), codes)
}

/**
 * The description as workers give it now. In the history of a run that began with workers of an earlier version it has
 * one digest for each stage and no environment of the host. The keys made of it are refused by present workers, and the
 * run asks again.
 */
function upToDate(description: WorkerDescription, codes: readonly StageCode[]): WorkerDescription {
  const { codeDigests, host = description } = description as Partial<WorkerDescription> & typeof description
  const known = codes.flatMap((code) => {
    const digest = codeDigests[code] ?? codeDigests[stageCodeParts(code).stage]
    return digest ? [[code, digest] as const] : []
  })
  return { ...description, host, codeDigests: Object.fromEntries(known) }
}

interface StageRun<Input> {
  readonly identity: StageIdentity
  readonly worker: WorkerDescription
  /** Null for stages that several configurations share. */
  readonly configurationId: Digest | null
  readonly used: ArtifactsByRole
  readonly input: Input
  readonly activity: (request: StageRequest<Input>) => Promise<StageResult>
}

/** The outputs of a stage, and the key under which they are found. */
export interface StageOutputs {
  readonly stageKey: Digest
  readonly generated: ArtifactsByRole
}

/**
 * Runs one stage: reuses its outputs where it is fulfilled, else attempts it until it is fulfilled or its budget is
 * spent. Every attempt is recorded.
 */
export function runStage<Input>(run: StageRun<Input>): Promise<StageOutputs> {
  const key = stageKey(run.identity)
  return asStage({ stage: run.identity.stage, stageKey: key }, () => recallOrRun(run, key))
}

/** Runs ledger activities on behalf of a stage. An activity that fails for good is a failure of that stage. */
export async function asStage<Result>(stage: FailedStage, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error
    const { failureClass, message } = attemptFailureOf(error)
    throw stageFailed(failureClass, stage, message)
  }
}

async function recallOrRun<Input>(run: StageRun<Input>, key: Digest): Promise<StageOutputs> {
  const recalled = await ledger.recall({ stageKey: key })
  if (recalled) return { stageKey: key, generated: recalled.generated }
  const budget = new RetryBudget()
  for (let attempt = 1; ; attempt++) {
    const ended = await attemptOnce(run, {
      stageKey: key,
      identity: run.identity,
      code: codeOfIdentity(run.identity),
      attempt,
      input: run.input,
    })
    if ('result' in ended) return { stageKey: key, generated: (await fulfil(run, attempt, ended.result)).generated }
    await recordFailure(run, attempt, ended.failure)
    const pause = pauseAfter(ended.failure.failureClass, budget)
    if (pause === null) {
      const failed = { stage: run.identity.stage, stageKey: key }
      throw stageFailed(ended.failure.failureClass, failed, ended.failure.message)
    }
    if (pause > 0) await sleep(pause)
  }
}

/**
 * The pause before the next attempt, or null where there is none. In a run that began before out-of-memory facts were
 * kept, the worker halved the micro-batch under the same key and was asked again at once.
 */
function pauseAfter(failureClass: FailureClass, budget: RetryBudget): number | null {
  if (failureClass === 'OutOfMemory' && !patched('out-of-memory-facts')) return 0
  return budget.pauseAfter(failureClass)
}

async function attemptOnce<Input>(
  run: StageRun<Input>,
  request: StageRequest<Input>,
): Promise<{ readonly result: StageResult } | { readonly failure: AttemptFailure }> {
  try {
    return { result: await run.activity(request) }
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error
    return { failure: attemptFailureOf(error) }
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
    environment: environmentOf(worker, identity.stage).environment,
  })
}

async function recordFailure<Input>(run: StageRun<Input>, attempt: number, failure: AttemptFailure): Promise<void> {
  const { identity, configurationId, worker } = run
  await ledger.recordFailedAttempt({
    identity,
    configurationId,
    attempt,
    workflow: thisWorkflow(),
    failureClass: failure.failureClass,
    message: failure.message,
    evidence: failure.evidence,
    environment: environmentOf(worker, identity.stage).environment,
  })
}

function thisWorkflow() {
  const { workflowId, runId } = workflowInfo()
  return { workflowId, runId }
}

interface AttemptFailure {
  readonly failureClass: FailureClass
  readonly message: string
  readonly evidence: Partial<AttemptEvidence>
}

/** The evidence of an attempt whose worker stopped answering: who ran it, where, and how far it had got. */
function evidenceOf(heartbeat: StageProgress | undefined): Partial<AttemptEvidence> {
  if (!heartbeat) return {}
  const { worker, device, startedAt, done, total, unit, checkpoint, resumedFrom } = heartbeat
  const lastProgress = { done, total, unit, ...(checkpoint ? { checkpoint } : {}) }
  return { worker, device, startedAt, lastProgress, ...(resumedFrom ? { resumedFrom } : {}) }
}

/**
 * Reads the failure of an activity: a lost worker where the heartbeats stopped, else the class that the activity gave.
 */
function attemptFailureOf({ cause }: ActivityFailure): AttemptFailure {
  if (cause instanceof TimeoutFailure) {
    const message = `The worker stopped answering (${cause.timeoutType} time-out).`
    return {
      failureClass: 'WorkerLost',
      message,
      evidence: evidenceOf(cause.lastHeartbeatDetails as StageProgress | undefined),
    }
  }
  if (cause instanceof ApplicationFailure) {
    const evidence = (cause.details?.[0] ?? {}) as AttemptFailure['evidence']
    return { failureClass: failureClassOf(cause.type), message: cause.message, evidence }
  }
  return { failureClass: 'Bug', message: cause?.message ?? 'The activity failed without a cause.', evidence: {} }
}
