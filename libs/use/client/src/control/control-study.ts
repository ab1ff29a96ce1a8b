import {
  controlUpdates,
  studyWorkflowId,
  type PauseRequest,
  type ResumeRequest,
  type RetryRequest,
  type StudyProgress,
} from '@gauntlet/contract'
import type { Digest } from '@gauntlet/study'
import { isGrpcServiceError, ServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client'
import { setTimeout as sleep } from 'node:timers/promises'

/** The study does not run, so there is nothing to control. */
export class StudyNotRunning extends Error {
  override readonly name = 'StudyNotRunning'
  constructor(readonly studyId: Digest) {
    super('This study does not run; start it with: npx gauntlet run')
  }
}

/** Starts no more configurations of a running study; throws `StudyNotRunning`. */
export function pauseStudy(client: Client, studyId: Digest, request: PauseRequest): Promise<StudyProgress> {
  return updateStudy(client, studyId, controlUpdates.pause, request)
}

/** Goes on with a study that is paused, with another budget if one is given; throws `StudyNotRunning`. */
export function resumeStudy(client: Client, studyId: Digest, request: ResumeRequest = {}): Promise<StudyProgress> {
  return updateStudy(client, studyId, controlUpdates.resume, request)
}

/** Tries configurations of a running study again that ended without every number; throws `StudyNotRunning`. */
export function retryStudy(client: Client, studyId: Digest, request: RetryRequest = {}): Promise<StudyProgress> {
  return updateStudy(client, studyId, controlUpdates.retry, request)
}

/** Whether a study runs. */
export async function isStudyRunning(client: Client, studyId: Digest): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(studyWorkflowId(studyId)).describe()).status.name === 'RUNNING'
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false
    throw error
  }
}

/** Ends a study and its configurations in flight. What they have finished is kept; throws `StudyNotRunning`. */
export async function cancelStudy(client: Client, studyId: Digest): Promise<void> {
  const handle = client.workflow.getHandle(studyWorkflowId(studyId))
  const { status } = await orNotRunning(studyId, handle.describe())
  if (status.name !== 'RUNNING') throw new StudyNotRunning(studyId)
  await handle.cancel()
  await handle.result().catch(() => undefined) // It ends as cancelled, which is what was asked for.
}

/** How often a study is asked again that was going on as another run, which takes a part of a second. */
const asksAgain = 20

/** Asks a running study to change something; throws `StudyNotRunning`. */
export async function updateStudy<Request>(
  client: Client,
  studyId: Digest,
  name: string,
  request: Request,
): Promise<StudyProgress> {
  const handle = client.workflow.getHandle(studyWorkflowId(studyId))
  const ask = () => handle.executeUpdate<StudyProgress, [Request]>(name, { args: [request] })
  for (let asked = 0; ; asked++) {
    try {
      return await orNotRunning(studyId, ask())
    } catch (error) {
      if (asked === asksAgain || !isRefusedForNow(error)) throw error
      await sleep(200)
    }
  }
}

/** The gRPC status code of a failed precondition. */
const failedPrecondition = 9

/** Whether the server gave an update back, because the workflow task that it came with could not be completed. */
function isRefusedForNow(error: unknown): boolean {
  return error instanceof ServiceError && isGrpcServiceError(error.cause) && error.cause.code === failedPrecondition
}

async function orNotRunning<Result>(studyId: Digest, answer: Promise<Result>): Promise<Result> {
  return answer.catch((error: unknown) => {
    throw error instanceof WorkflowNotFoundError ? new StudyNotRunning(studyId) : error
  })
}
