import type { ArtifactStore } from '@gauntlet/artifacts'
import {
  environmentOf,
  explainFailure,
  type AttemptEvidence,
  type AttemptUsage,
  type ExplainedFailure,
  type FailureClass,
  type GpuActivities,
  type SourceRevision,
  type StageProgress,
  type StageRequest,
  type StageResult,
  type WorkerDescription,
} from '@gauntlet/contract'
import { stageKey, type KeyedStage } from '@gauntlet/study'
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity'
import type { BundleFile } from './bundles/bundle-cache.ts'
import type { StageBundles } from './bundles/stage-bundles.ts'
import { DeviceFailure, DeviceUnusable } from './device-process.ts'
import type { CheckpointPace } from './checkpoint-pace.ts'
import type { Device } from './device.ts'
import type { DevicePool } from './device-pool.ts'
import type { DeviceProgress } from './device-protocol.ts'
import type { Draining } from './draining.ts'
import { told } from './told.ts'

/** Heartbeats are due even while a stage has nothing new to say; what they say is what `watch` shows. */
export const heartbeatMilliseconds = 2_000

interface Dependencies {
  readonly devices: DevicePool
  /** Its environments, without codes. */
  readonly description: WorkerDescription
  readonly bundles: Pick<StageBundles, 'ofDigest'>
  readonly store: Pick<ArtifactStore, 'read'>
  readonly revision: SourceRevision
  readonly worker: string
  readonly draining: Draining
  readonly pace: CheckpointPace
}

/**
 * The activities of a GPU worker: each hands one attempt to a free device process and keeps Temporal informed while it
 * runs.
 */
export function createGpuActivities(dependencies: Dependencies): GpuActivities {
  const stage =
    (name: KeyedStage) =>
    async (request: StageRequest<unknown>): Promise<StageResult> => {
      const { devices, draining } = dependencies
      if (!draining.mayBegin(request.code)) throw preempted({})
      const context = Context.current()
      const bundle = await heartbeating(
        () => context.heartbeat(),
        () => bundleOf(request, dependencies),
      )
      return draining.busy(() =>
        devices.use((device, label) =>
          told(context, request, label, () => attempt(name, request, { device, label, bundle }, dependencies)),
        ),
      )
    }
  return {
    prepareDataset: stage('prepare-dataset'),
    pretrainLoad: stage('pretrain-load'),
    fineTune: stage('fine-tune'),
    checkpoint: stage('checkpoint'),
    perturbAndEvaluate: stage('perturb-and-evaluate'),
  }
}

/**
 * The bundle that the request's key was made for, which may be of another version of the sources: a configuration ends
 * with the code that it began with. Doing the work with other code or another engine would falsify the key.
 */
async function bundleOf(
  { code, identity, stageKey: key }: StageRequest<unknown>,
  { bundles, description, store }: Dependencies,
): Promise<BundleFile> {
  const sameEngine =
    key === stageKey(identity) &&
    identity.environmentClass === environmentOf(description, identity.stage).environmentClass
  const bundle = sameEngine
    ? await bundles.ofDigest(code, identity.codeDigest, store).catch((error: unknown) => {
        throw failureOf(explainFailure(error), {})
      })
    : null
  if (bundle) return bundle
  throw failure(
    'WorkerChanged',
    `This worker has another engine than the key of ${identity.stage} was made for, or cannot have its code.`,
    {},
  )
}

interface Assignment {
  readonly device: Device
  readonly label: string
  readonly bundle: BundleFile
}

async function attempt(
  stage: KeyedStage,
  request: StageRequest<unknown>,
  { device, label, bundle }: Assignment,
  { worker, revision, draining, pace }: Dependencies,
): Promise<StageResult> {
  const context = Context.current()
  const { stageKey } = request
  const startedAt = new Date().toISOString()
  const where = { worker, device: label, startedAt }
  let progress: DeviceProgress = { done: 0, total: 0, unit: 'steps' }
  const heartbeat = () =>
    context.heartbeat({ stage, stageKey, attempt: request.attempt, ...where, ...progress } satisfies StageProgress)
  const evidence = (usage?: AttemptUsage): AttemptEvidence => {
    const { resumedFrom } = progress
    return {
      ...where,
      endedAt: new Date().toISOString(),
      revision,
      ...(resumedFrom ? { resumedFrom } : {}),
      ...(usage ? { usage } : {}),
    }
  }
  const followed = pace.follow(request.code)
  const onProgress = (next: DeviceProgress) => {
    if (next.checkpoint !== progress.checkpoint) followed.safe()
    progress = next
  }
  try {
    const stopping = AbortSignal.any([context.cancellationSignal, draining.signal])
    const { usage, ...result } = await heartbeating(heartbeat, () => device.run(bundle, request, onProgress, stopping))
    followed.safe()
    return { ...result, evidence: evidence(usage) }
  } catch (error) {
    if (error instanceof DeviceUnusable) draining.fail(`${label}: ${error.message}`)
    const { done, total, unit, checkpoint } = progress
    const lastProgress = { done, total, unit, ...(checkpoint ? { checkpoint } : {}) }
    throw translate(error, { ...evidence(), lastProgress }, draining.signal)
  }
}

/** Does work while Temporal is told that the worker lives. */
async function heartbeating<Result>(heartbeat: () => void, work: () => Promise<Result>): Promise<Result> {
  heartbeat()
  const timer = setInterval(heartbeat, heartbeatMilliseconds)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}

/**
 * What Temporal is told: a stopping worker is a preemption, a cancelled workflow a cancellation, the rest as the device
 * process classed it.
 */
function translate(error: unknown, evidence: AttemptEvidence, draining: AbortSignal): Error {
  const { cancellationSignal, cancelled } = Context.current()
  if (cancellationSignal.aborted) {
    void cancelled.catch(() => undefined)
    return new CancelledFailure('The stage was cancelled.')
  }
  if (draining.aborted) return preempted(evidence)
  return failureOf(error instanceof DeviceFailure ? error : explainFailure(error), evidence)
}

function failureOf(
  { failureClass, message, lostArtifact }: ExplainedFailure | DeviceFailure,
  evidence: Partial<AttemptEvidence>,
): ApplicationFailure {
  return failure(failureClass, message, { ...evidence, ...(lostArtifact ? { lostArtifact } : {}) })
}

function preempted(evidence: Partial<AttemptEvidence>): ApplicationFailure {
  const message =
    'The worker was told to stop, or has too little time left; another attempt goes on from the last checkpoint.'
  return failure('Preempted', message, evidence)
}

function failure(type: FailureClass, message: string, evidence: Partial<AttemptEvidence>): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true, details: [evidence] })
}
