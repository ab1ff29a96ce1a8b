import {
  controlUpdates,
  progressQuery,
  type PauseRequest,
  type ResumeRequest,
  type RetryRequest,
  type StudyCounts,
  type StudyProgress,
  type StudyWorkflowInput,
} from '@gauntlet/contract'
import { defineQuery, defineUpdate, setHandler } from '@temporalio/workflow'
import { ledger } from './ledger.ts'
import { StudyWindow } from './study-window.ts'

/**
 * Runs a study: a sliding window over the configurations of its list that have something to do. It continues as new
 * before its history grows long. Configurations in flight go on meanwhile, and the next run joins them.
 */
export async function study(input: StudyWorkflowInput): Promise<StudyCounts> {
  let window: StudyWindow | undefined
  setHandler(defineQuery<StudyProgress>(progressQuery), () => window?.progress() ?? beforeTheFirst(input))
  if (!input.carried) await ledger.recordStudy({ studyId: input.studyId, file: input.file })
  const opened = new StudyWindow(input, await ledger.studyOutline({ file: input.file }))
  window = opened
  // Updates that came before wait until their handlers are set.
  setHandler(defineUpdate<StudyProgress, [PauseRequest]>(controlUpdates.pause), (request) => opened.pause(request))
  setHandler(defineUpdate<StudyProgress, [ResumeRequest]>(controlUpdates.resume), (request) => opened.resume(request))
  setHandler(defineUpdate<StudyProgress, [RetryRequest]>(controlUpdates.retry), (request) => opened.retry(request))
  return opened.run()
}

/** The progress of a study whose list has still to be read. */
function beforeTheFirst({ budgetSeconds, carried }: StudyWorkflowInput): StudyProgress {
  const ended = carried?.ended ?? { measured: 0, diverged: 0, failed: 0, skipped: 0 }
  const { paused = null, deviceSeconds = 0 } = carried ?? {}
  return { total: 0, ended, running: [], paused, deviceSeconds, budgetSeconds, failures: [] }
}
