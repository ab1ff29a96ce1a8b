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
import { condition } from './one-by-one.ts'
import { notePatches } from './patches.ts'
import { StudyWindow } from './study-window.ts'

/**
 * Runs a study: a sliding window over the configurations of its list that have something to do. It continues as new
 * before its history grows long. Configurations in flight go on meanwhile, and the next run joins them.
 */
export async function study(input: StudyWorkflowInput): Promise<StudyResult> {
  notePatches()
  let window: StudyWindow | undefined
  /** Updates that come before the window is open wait for it: one without a handler would be refused. */
  const onUpdate = <Request>(name: string, answer: (opened: StudyWindow, request: Request) => StudyProgress) =>
    setHandler(defineUpdate<StudyProgress, [Request]>(name), (request) =>
      window ? answer(window, request) : condition(() => window !== undefined).then(() => answer(window!, request)),
    )
  onUpdate<PauseRequest>(controlUpdates.pause, (opened, request) => opened.pause(request))
  onUpdate<ResumeRequest>(controlUpdates.resume, (opened, request) => opened.resume(request))
  onUpdate<RetryRequest>(controlUpdates.retry, (opened, request) => opened.retry(request))
  onUpdate<ExtendRequest>(controlUpdates.extend, (opened, request) => opened.extend(request))
  setHandler(defineQuery<StudyProgress>(progressQuery), () => window?.progress() ?? beforeTheFirst(input))
  if (!input.carried) await recordStudy(input)
  window = new StudyWindow(input, await ledger.studyOutline({ file: input.file }))
  return window.run()
}

// A study lasts for weeks, and goes on with newer workflows where these replay its history
// (workers/ledger/src/versions/hold-studies.ts). What it starts from then on begins with them.
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
