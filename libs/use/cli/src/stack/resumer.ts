import type { ResumeRequest, StudyProgress } from '@gauntlet/contract'
import { resumeStudy, type Client } from '@gauntlet/client'
import type { Digest } from '@gauntlet/study'
import { CommandFailed } from '../command-failed.ts'

/**
 * Resumes a study that was paused before this command, or that runs with another budget than was asked for. Fails once
 * the budget is spent and nothing is in flight any more.
 */
export function resumer(client: Client, id: Digest, limit: ResumeRequest) {
  let isFirst = true
  return async (progress: StudyProgress | null): Promise<void> => {
    if (!progress) return
    const wantsOther = limit.budgetSeconds !== undefined && limit.budgetSeconds !== progress.budgetSeconds
    if (isFirst && (progress.paused || wantsOther)) await resumeStudy(client, id, limit)
    else if (progress.paused === 'budget' && progress.running.length === 0)
      throw new CommandFailed(
        'The budget is spent, and the study is paused; raise it with: --budget <hours>, or lift it with: --budget none',
      )
    isFirst = false
  }
}
