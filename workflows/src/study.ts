import {
  controlUpdates,
  progressQuery,
  type ExtendRequest,
  type PauseRequest,
  type ResumeRequest,
  type RetryRequest,
  type StudyProgress,
  type StudyResult,
  type StudyWorkflowInput,
} from '@gauntlet/contract'
import { defineQuery, defineUpdate, setHandler, setWorkflowOptions } from '@temporalio/workflow'
import { ledger } from './ledger.ts'
import { StudyWindow } from './study-window.ts'

/**
 * Runs a study: a sliding window over the configurations of its list that have something to do. It continues as new
 * before its history grows long. Configurations in flight go on meanwhile, and the next run joins them.
 */
export async function study(input: StudyWorkflowInput): Promise<StudyResult> {
  let window: StudyWindow | undefined
  setHandler(defineQuery<StudyProgress>(progressQuery), () => window?.progress() ?? beforeTheFirst(input))
  if (!input.carried) await recordStudy(input)
  const opened = new StudyWindow(input, await ledger.studyOutline({ file: input.file }))
  window = opened
  // Updates that came before wait until their handlers are set.
  setHandler(defineUpdate<StudyProgress, [PauseRequest]>(controlUpdates.pause), (request) => opened.pause(request))
  setHandler(defineUpdate<StudyProgress, [ResumeRequest]>(controlUpdates.resume), (request) => opened.resume(request))
  setHandler(defineUpdate<StudyProgress, [RetryRequest]>(controlUpdates.retry), (request) => opened.retry(request))
  setHandler(defineUpdate<StudyProgress, [ExtendRequest]>(controlUpdates.extend), (request) => opened.extend(request))
  return opened.run()
}

// A study lasts for weeks, and goes on with newer workflows where these replay its history
// (workers/ledger/src/versions/upgrade-studies.ts). What it starts from then on begins with them.
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, study)

function recordStudy({ studyId, file, extended }: StudyWorkflowInput): Promise<void> {
  const [latest] = extended?.studyIds ?? []
  return ledger.recordStudy({ studyId, file, ...(latest ? { extended: latest } : {}) })
}

/** The progress of a study whose list has still to be read. */
function beforeTheFirst({ budgetSeconds, carried, extended }: StudyWorkflowInput): StudyProgress {
  const ended = carried?.ended ?? { measured: 0, diverged: 0, failed: 0, skipped: 0 }
  const { paused = null, deviceSeconds = 0 } = carried ?? extended ?? {}
  return { total: 0, ended, running: [], slowest: [], paused, deviceSeconds, budgetSeconds, failures: [] }
}
