import {
  studyWorkflowId,
  workflowNames,
  type ExtendedStudy,
  type StudyCarried,
  type StudyWorkflowInput,
  type Workflows,
} from '@gauntlet/contract'
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common'
import { ParentClosePolicy, startChild } from '@temporalio/workflow'

/** Starts the study that a running one is extended to. One that runs already goes on as it is. */
export async function startExtension(input: StudyWorkflowInput): Promise<void> {
  try {
    await startChild<Workflows['study']>(workflowNames.study, {
      workflowId: studyWorkflowId(input.studyId),
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
    })
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
  }
}

/** What a study takes over of the one that it extends. */
export function leftBy(extended: ExtendedStudy | undefined): Partial<StudyCarried> {
  if (!extended) return {}
  const { bugs, paused, deviceSeconds } = extended
  return { bugs, paused, deviceSeconds }
}
