import {
  codeOfIdentity,
  environmentOf,
  failureClassOf,
  type AttemptEvidence,
  type BeginStageInput,
  type Begun,
  type FailureClass,
  type StageAttempt,
  type StageProgress,
  type StageRequest,
  type StageResult,
  type WorkerDescription,
} from '@gauntlet/contract'
import { stageKey, type ArtifactsByRole, type Digest, type StageIdentity } from '@gauntlet/study'
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  sleep,
  TemporalFailure,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow'
import { ledger } from './ledger.ts'
import { RetryBudget } from './retry-budget.ts'
import { StageFailed, type FailedStage } from './stage-failure.ts'

/** A stage that is to be run. */
export interface StageRun<Input> {
  readonly identity: StageIdentity
  /** Null for stages that several configurations share. */
  readonly configurationId: Digest | null
  readonly used: ArtifactsByRole
  readonly input: Input
  readonly activity: (request: StageRequest<Input>) => Promise<StageResult>
  /** Whether others are run in the same moment, so that all begin by one activity of the ledger. */
  readonly together?: true
}

/** The outputs of a stage, and the key under which they are found. */
export interface StageOutputs {
  readonly stageKey: Digest
  readonly generated: ArtifactsByRole
}

/** What a run of a workflow remembers of its stages. */
export interface StageMemory {
  /** How often each stage was attempted, by its key. */
  readonly attempts: Map<Digest, number>
  /** Artifacts that a stage could not read. */
  readonly lost: Set<Digest>
  /** Seconds that attempts kept devices busy. */
  deviceSeconds: number
}

export function newMemory(): StageMemory {
  return { attempts: new Map(), lost: new Set(), deviceSeconds: 0 }
}

/** Runs stages on workers of one description. */
export class StageRunner {
  private readonly together = new BegunTogether()

  constructor(
    private readonly worker: WorkerDescription,
    private readonly memory: StageMemory,
  ) {}

  /**
   * Runs one stage: reuses its outputs where it is fulfilled, else attempts it until it is fulfilled or its budget is
   * spent. Every attempt is recorded, from its begin.
   */
  run<Input>(run: StageRun<Input>): Promise<StageOutputs> {
    const key = stageKey(run.identity)
    return asStage({ stage: run.identity.stage, stageKey: key }, () => this.attempt(run, key))
  }

  private async attempt<Input>(run: StageRun<Input>, key: Digest): Promise<StageOutputs> {
    const budget = new RetryBudget()
    for (;;) {
      const attempt = this.nextAttempt(run, key)
      const begins = { ...attempt, distrusted: [...this.memory.lost] }
      const known = await (run.together ? this.together.begin(begins) : ledger.beginStage(begins))
      if (known) return outputsOf(known, run.identity, key)
      const ended = await this.attemptOnce(run, key, attempt)
      this.memory.deviceSeconds += secondsOf('result' in ended ? ended.result.evidence : ended.failure.evidence)
      if ('result' in ended) {
        const used = { ...run.used, ...ended.result.sources }
        return { stageKey: key, generated: (await ledger.fulfil({ ...attempt, used, result: ended.result })).generated }
      }
      await ledger.recordFailedAttempt({ ...attempt, ...ended.failure })
      const { failureClass, message, evidence } = ended.failure
      const pause = budget.pauseAfter(failureClass)
      if (pause === null)
        throw new StageFailed(failureClass, { stage: run.identity.stage, stageKey: key }, message, evidence)
      if (pause > 0) await sleep(pause)
    }
  }

  private nextAttempt<Input>({ identity, configurationId }: StageRun<Input>, key: Digest): StageAttempt {
    const attempt = (this.memory.attempts.get(key) ?? 0) + 1
    this.memory.attempts.set(key, attempt)
    const { workflowId, runId } = workflowInfo()
    const { environment } = environmentOf(this.worker, identity.stage)
    return { identity, configurationId, attempt, workflow: { workflowId, runId }, environment }
  }

  private async attemptOnce<Input>(
    run: StageRun<Input>,
    key: Digest,
    attempt: StageAttempt,
  ): Promise<{ readonly result: StageResult } | { readonly failure: AttemptFailure }> {
    const { identity, input } = run
    const request = { stageKey: key, identity, code: codeOfIdentity(identity), attempt: attempt.attempt, input }
    try {
      return { result: await run.activity(request) }
    } catch (error) {
      if (isCancellation(error)) await CancellationScope.nonCancellable(() => ledger.recordCancelledAttempt(attempt))
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error
      return { failure: attemptFailureOf(error) }
    }
  }
}

/** Begins the stages that are asked for in one moment by one activity. */
class BegunTogether {
  private waiting: BeginStageInput[] = []
  private answers: Promise<readonly Begun[]> | undefined

  async begin(input: BeginStageInput): Promise<Begun> {
    const place = this.waiting.push(input) - 1
    this.answers ??= Promise.resolve().then(() => this.beginAll())
    return (await this.answers)[place]!
  }

  private beginAll(): Promise<readonly Begun[]> {
    const all = this.waiting
    this.waiting = []
    this.answers = undefined
    return ledger.beginStages(all)
  }
}

/** The outputs of a stage that is known. Throws where it is known to diverge. */
function outputsOf(known: NonNullable<Begun>, { stage }: StageIdentity, key: Digest): StageOutputs {
  if ('diverged' in known) throw new StageFailed('Diverged', { stage, stageKey: key }, known.diverged)
  return { stageKey: key, generated: known.generated }
}

/** Runs ledger activities on behalf of a stage. An activity that fails for good is a failure of that stage. */
export async function asStage<Result>(stage: FailedStage, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    // A local activity fails without the failure that Temporal puts around that of a remote one.
    if (isCancellation(error) || !(error instanceof TemporalFailure)) throw error
    const { failureClass, message, evidence } = attemptFailureOf(error)
    throw new StageFailed(failureClass, stage, message, evidence)
  }
}

/** How long an attempt took; nothing where its worker could not say. */
function secondsOf({ startedAt, endedAt }: Partial<AttemptEvidence>): number {
  return startedAt && endedAt ? Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)) / 1_000 : 0
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
function attemptFailureOf(failure: TemporalFailure): AttemptFailure {
  const cause = failure instanceof ActivityFailure ? failure.cause : failure
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
