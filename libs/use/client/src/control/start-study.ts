import {
  defaultPool,
  studyWorkflowId,
  type DeclaredPools,
  workflowNames,
  workflowQueue,
  type Workflows,
} from '@gauntlet/contract'
import type { ArtifactStore } from '@gauntlet/artifacts'
import { studyFile, type LedgerDatabase } from '@gauntlet/ledger'
import type { ArtifactReference, Digest } from '@gauntlet/study'
import { WorkflowNotFoundError, type Client, type WorkflowHandle } from '@temporalio/client'

/**
 * Configurations in flight at once, unless the caller sets it: enough for a large pool and far below Temporal's limits.
 */
const defaultWindow = 100

export type StudyHandle = WorkflowHandle<Workflows['study']>

interface StartOptions {
  readonly studyId: Digest
  /** The study file, in the artifact store. */
  readonly file: ArtifactReference
  readonly pool?: string
  /** The declared pools that serve it, instead of `pool`. */
  readonly declared?: DeclaredPools
  /** Its share of the devices beside other studies, in device-seconds. */
  readonly weight?: number
  readonly window?: number
  /** Device-seconds after which the study pauses and asks; no limit where it is null or absent. */
  readonly budgetSeconds?: number | null
}

/**
 * Starts a study, or joins it where it runs already, because its identity is its workflow id. A run by workflows of an
 * earlier version, which no worker of this one can go on with, is ended; what it has done is recalled.
 */
export async function startStudy(
  client: Client,
  { studyId, file, pool = defaultPool, declared, weight = 1, window = defaultWindow, budgetSeconds }: StartOptions,
): Promise<StudyHandle> {
  await endEarlierVersion(client, studyWorkflowId(studyId))
  return client.workflow.start<Workflows['study']>(workflowNames.study, {
    workflowId: studyWorkflowId(studyId),
    taskQueue: workflowQueue,
    args: [
      { studyId, file, pool, ...(declared ? { declared } : {}), weight, window, budgetSeconds: budgetSeconds ?? null },
    ],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  })
}

/**
 * Starts a recorded study again, by the file that the ledger has of it: what is missing or has failed is tried again,
 * and nothing else. Joins it where it runs already. Throws `StudyUnknown`.
 */
export async function restartStudy(
  client: Client,
  { db, store }: { readonly db: LedgerDatabase; readonly store: ArtifactStore },
  studyId: Digest,
  place: Pick<StartOptions, 'pool' | 'declared'> = {},
): Promise<StudyHandle> {
  const file = await store.put(Buffer.from(await studyFile(db, studyId)), 'application/yaml')
  return startStudy(client, { studyId, file, ...place })
}

/** Ends a run that waits for workflow workers of another version, and its configurations in flight. */
async function endEarlierVersion(client: Client, workflowId: string): Promise<void> {
  const handle = client.workflow.getHandle(workflowId)
  const found = await nullIfUnknown(handle.describe())
  if (found?.status.name !== 'RUNNING' || found.taskQueue === workflowQueue) return
  const reason = 'A newer version of Gauntlet takes over.'
  await nullIfUnknown(handle.terminate(reason))
  for (const { workflowId: child } of found.raw.pendingChildren ?? [])
    if (child) await nullIfUnknown(client.workflow.getHandle(child).terminate(reason))
}

async function nullIfUnknown<Result>(answer: Promise<Result>): Promise<Result | null> {
  return answer.catch((error: unknown) => {
    if (error instanceof WorkflowNotFoundError) return null
    throw error
  })
}
