import { watchStudy, type StudySnapshot } from '@gauntlet/client'
import type { Digest } from '@gauntlet/study'
import type { Client } from '@temporalio/client'
import { CommandFailed } from './command-failed.ts'
import { describeSnapshot, progressLine } from './progress-line.ts'
import type { TimeLeft } from './time-left.ts'

interface FollowOptions {
  readonly client: Client
  readonly studyId: Digest
  readonly json: boolean
  readonly timeLeft: TimeLeft
  readonly signal?: AbortSignal
  /** Called after each look, for instance to bring back what died; false ends the following. */
  readonly onLook?: (snapshot: StudySnapshot) => Promise<boolean>
}

/**
 * Shows a study's progress until it ends or somebody ends the following; whether it ended. Throws where the study
 * failed as a whole.
 */
export async function followStudy({
  client,
  studyId,
  json,
  timeLeft,
  signal,
  onLook,
}: FollowOptions): Promise<boolean> {
  const line = progressLine()
  let last: StudySnapshot | null = null
  try {
    for await (const snapshot of watchStudy(client, studyId, signal ? { signal } : {})) {
      last = snapshot
      const secondsLeft = timeLeft.estimate(snapshot)
      if (json) console.log(JSON.stringify({ ...snapshot, secondsLeft }))
      else if (snapshot.status === 'running' || snapshot.status === 'unreachable')
        line.show(describeSnapshot(snapshot, secondsLeft))
      if (onLook && !(await onLook(snapshot))) return false
    }
  } finally {
    line.end()
  }
  return hasCompleted(last)
}

function hasCompleted(last: StudySnapshot | null): boolean {
  if (last?.status === 'failed') throw new CommandFailed(`The study failed as a whole: ${last.failure}`)
  if (last?.status === 'absent')
    throw new CommandFailed('Temporal does not know this study; start it with: gauntlet run')
  if (last?.status === 'cancelled' || last?.status === 'terminated')
    throw new CommandFailed(`The study was ${last.status}; run it again to go on.`)
  return last?.status === 'completed'
}
