import { progressQuery, type StudyCounts, type StudyProgress, type StudyWorkflowInput } from '@gauntlet/contract'
import { defineQuery, setHandler } from '@temporalio/workflow'
import { ledger } from './ledger.ts'
import { StudyWindow } from './study-window.ts'

/**
 * Runs a study: a sliding window over the configurations of its list that have something to do. It continues as new
 * before its history grows long. Configurations in flight go on meanwhile, and the next run joins them.
 */
export async function study(input: StudyWorkflowInput): Promise<StudyCounts> {
  if (!input.carried) await ledger.recordStudy({ studyId: input.studyId, file: input.file })
  const window = new StudyWindow(input, await ledger.studyOutline({ file: input.file }))
  setHandler(defineQuery<StudyProgress>(progressQuery), () => window.progress())
  return window.run()
}
