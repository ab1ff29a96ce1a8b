import { progressQuery, type StudyCounts, type StudyProgress, type StudyWorkflowInput } from '@gauntlet/contract'
import { defineQuery, setHandler } from '@temporalio/workflow'
import { ledger } from './stage-runner.ts'
import { StudyWindow } from './study-window.ts'

/**
 * Runs a study: a sliding window of configurations over the ledger's list. It continues as new before its history grows
 * long. Configurations in flight go on meanwhile, and the next run joins them by starting them again: while one runs,
 * its workflow id is taken and the start waits; once it has ended, everything it did is recalled.
 */
export async function study(input: StudyWorkflowInput): Promise<StudyCounts> {
  const window = new StudyWindow(input)
  setHandler(defineQuery<StudyProgress>(progressQuery), () => window.progress())
  if (!input.carried) await ledger.recordStudy({ studyId: input.studyId, file: input.file })
  return window.run()
}
