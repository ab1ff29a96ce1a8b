import {
  progressQuery,
  studyWorkflowId,
  type StageProgress,
  type StudyProgress,
  type StudyResult,
} from '@gauntlet/contract'
import type { Digest } from '@gauntlet/study'
import { defaultPayloadConverter } from '@temporalio/common'
import { isGrpcServiceError, NamespaceNotFoundError, WorkflowNotFoundError, type Client } from '@temporalio/client'
import { setTimeout as sleep } from 'node:timers/promises'

/** A study at one moment. */
export interface StudySnapshot {
  /** `unreachable`: no Temporal server answers just now. `absent`: the server has no such study. */
  readonly status: 'running' | 'completed' | 'failed' | 'cancelled' | 'terminated' | 'unreachable' | 'absent'
  readonly progress: StudyProgress | null
  /** The last heartbeats of the attempts in flight, of at most `stageLimit` workflows. */
  readonly stages: readonly StageProgress[]
  /** Why the workflow of the study failed, where it did. */
  readonly failure?: string
  /** The configurations that have been in flight for longest, with the time since when; ISO 8601. */
  readonly slowest?: readonly { readonly label: string; readonly since: string }[]
  /** How many of the workflows that were asked fail their task again and again, where some do. */
  readonly stuck?: number
  /** The study that goes on with the cells of this one, where it was extended. */
  readonly extendedBy?: Digest
}

/** The most workflows that are asked for their stages in one snapshot: each costs a call, and people read no more. */
const stageLimit = 16

/** Attempts at one workflow task, half a minute or more, from which it counts as failing again and again. */
const stuckAttempts = 5

const states = {
  RUNNING: 'running',
  COMPLETED: 'completed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  CONTINUED_AS_NEW: 'running',
} as const

/**
 * Takes snapshots of a running study until it has ended; the last one says how. Where it is extended, they go on with
 * the study that it is extended to.
 */
export async function* studySnapshots(
  client: Client,
  studyId: Digest,
  { everyMilliseconds = 1_000, signal }: { everyMilliseconds?: number; signal?: AbortSignal } = {},
) {
  let id = studyId
  for (;;) {
    const snapshot = await takeSnapshot(client, id)
    if (snapshot.extendedBy) {
      id = snapshot.extendedBy
      continue
    }
    yield snapshot
    if (!['running', 'unreachable'].includes(snapshot.status) || signal?.aborted) return
    await sleep(everyMilliseconds, undefined, signal ? { signal } : {}).catch(() => undefined)
    if (signal?.aborted) return
  }
}

/** The study as it is now, also where no Temporal server answers. */
export async function takeSnapshot(client: Client, studyId: Digest): Promise<StudySnapshot> {
  try {
    return await snapshotOfWorkflow(client, studyId)
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { status: 'absent', progress: null, stages: [] }
    if (isUnreachable(error)) return { status: 'unreachable', progress: null, stages: [] }
    throw error
  }
}

/**
 * The gRPC status codes of a server that is stopping, gone or not ready yet: cancelled, deadline exceeded, unavailable.
 */
const codesOfAbsence = new Set([1, 4, 14])

function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  // A dev server that has just started answers before it has loaded its namespaces.
  if (error instanceof NamespaceNotFoundError) return true
  return (isGrpcServiceError(error) && codesOfAbsence.has(error.code)) || isUnreachable(error.cause)
}

async function snapshotOfWorkflow(client: Client, studyId: Digest): Promise<StudySnapshot> {
  const handle = client.workflow.getHandle(studyWorkflowId(studyId))
  const name = (await handle.describe()).status.name
  const status = name in states ? states[name as keyof typeof states] : 'failed'
  if (status === 'failed') {
    const failure = await handle.result().then(
      () => 'unknown',
      (error: Error) => (error.cause instanceof Error ? error.cause.message : error.message),
    )
    return { status, progress: null, stages: [], failure }
  }
  if (status === 'completed') {
    const { extendedBy } = (await handle.result()) as StudyResult
    return { status, progress: null, stages: [], ...(extendedBy ? { extendedBy } : {}) }
  }
  if (status !== 'running') return { status, progress: null, stages: [] }
  // A query needs a workflow worker. There is none while it restarts, and the study still runs.
  const progress = await handle.query<StudyProgress>(progressQuery).catch(() => null)
  // The study itself runs the stages that its configurations share.
  const workflowIds = [studyWorkflowId(studyId), ...(progress?.running ?? [])].slice(0, stageLimit)
  const workflows = await Promise.all(workflowIds.map((id) => look(client, id)))
  const slowest = (progress?.slowest ?? []).flatMap((label, i) => {
    const since = workflows[i + 1]?.startedAt
    return since ? [{ label, since }] : []
  })
  const stuck = workflows.filter(({ isStuck }) => isStuck).length
  const stages = workflows.flatMap((each) => each.stages)
  return { status, progress, stages, slowest, ...(stuck > 0 ? { stuck } : {}) }
}

/** When a workflow began, whether it fails again and again, and the last heartbeats of its attempts in flight. */
async function look(
  client: Client,
  workflowId: string,
): Promise<{ readonly startedAt?: string; readonly isStuck?: boolean; readonly stages: readonly StageProgress[] }> {
  try {
    const { raw, startTime } = await client.workflow.getHandle(workflowId).describe()
    const stages = (raw.pendingActivities ?? []).flatMap(({ heartbeatDetails }) => {
      const payload = heartbeatDetails?.payloads?.[0]
      // A worker that still makes a stage's code says that it lives, and nothing else.
      const said = payload && defaultPayloadConverter.fromPayload<StageProgress | undefined>(payload)
      return said ? [said] : []
    })
    const isStuck = (raw.pendingWorkflowTask?.attempt ?? 0) >= stuckAttempts
    return { startedAt: startTime.toISOString(), isStuck, stages }
  } catch {
    return { stages: [] } // The workflow ended between the two calls.
  }
}
