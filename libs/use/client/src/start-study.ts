import { defaultPool, studyWorkflowId, workflowNames, workflowQueue, type Workflows } from '@gauntlet/contract'
import type { ArtifactReference, Digest } from '@gauntlet/study'
import type { Client, WorkflowHandle } from '@temporalio/client'

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
  readonly window?: number
}

/** Starts a study, or joins it where it runs already, because its identity is its workflow id. */
export function startStudy(
  client: Client,
  { studyId, file, pool = defaultPool, window = defaultWindow }: StartOptions,
): Promise<StudyHandle> {
  return client.workflow.start<Workflows['study']>(workflowNames.study, {
    workflowId: studyWorkflowId(studyId),
    taskQueue: workflowQueue,
    args: [{ studyId, file, pool, window }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  })
}
