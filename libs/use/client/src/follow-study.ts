import type { Digest } from '@gauntlet/study'
import type { Client } from '@temporalio/client'
import type { TimeLeft } from './time-left.ts'
import { watchStudy, type StudySnapshot } from './watch-study.ts'

/** The study ended without being done: it failed as a whole, was stopped, or Temporal does not know it. */
export class StudyStopped extends Error {
  override readonly name = 'StudyStopped'
}

interface FollowOptions {
  readonly client: Client
  readonly studyId: Digest
  readonly timeLeft: TimeLeft
  readonly signal?: AbortSignal
  /**
   * Called after each look with the seconds left, null while there is nothing to judge by; false ends the following.
   */
  readonly onLook: (snapshot: StudySnapshot, secondsLeft: number | null) => Promise<boolean>
}

/**
 * Looks at a study until it ends or somebody ends the following; whether it was done by then. Throws `StudyStopped`
 * where it ended otherwise.
 */
export async function followStudy({ client, studyId, timeLeft, signal, onLook }: FollowOptions): Promise<boolean> {
  let last: StudySnapshot | null = null
  for await (const snapshot of watchStudy(client, studyId, signal ? { signal } : {})) {
    last = snapshot
    if (!(await onLook(snapshot, timeLeft.estimate(snapshot)))) return false
  }
  return isDone(last)
}

function isDone(last: StudySnapshot | null): boolean {
  if (last?.status === 'failed') throw new StudyStopped(`The study failed as a whole: ${last.failure}`)
  if (last?.status === 'absent')
    throw new StudyStopped('Temporal does not know this study; start it with: gauntlet run')
  if (last?.status === 'cancelled' || last?.status === 'terminated')
    throw new StudyStopped(`The study was ${last.status}; run it again to go on.`)
  return last?.status === 'completed'
}
