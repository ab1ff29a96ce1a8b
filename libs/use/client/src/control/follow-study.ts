import type { Digest } from '@gauntlet/study'
import type { Client } from '@temporalio/client'
import type { TimeLeft } from './time-left.ts'
import { studySnapshots, type StudySnapshot } from './study-snapshots.ts'

/** The study ended without being complete: it failed as a whole, was stopped, or is unknown to Temporal. */
export class StudyStopped extends Error {
  override readonly name = 'StudyStopped'
}

interface FollowOptions {
  readonly client: Client
  readonly studyId: Digest
  readonly timeLeft: TimeLeft
  readonly signal?: AbortSignal
  /**
   * Called with each snapshot and the seconds left, which are null while there is no estimate. Following ends where it
   * gives false.
   */
  readonly onSnapshot: (snapshot: StudySnapshot, secondsLeft: number | null) => Promise<boolean>
}

/**
 * Follows a study until it ends or `onSnapshot` gives false. Resolves to whether the study was complete by then. Throws
 * `StudyStopped` where it ended in another way.
 */
export async function followStudy({ client, studyId, timeLeft, signal, onSnapshot }: FollowOptions): Promise<boolean> {
  let last: StudySnapshot | null = null
  for await (const snapshot of studySnapshots(client, studyId, signal ? { signal } : {})) {
    last = snapshot
    if (!(await onSnapshot(snapshot, timeLeft.estimate(snapshot)))) return false
  }
  return isComplete(last)
}

function isComplete(last: StudySnapshot | null): boolean {
  if (last?.status === 'failed') throw new StudyStopped(`The study failed as a whole: ${last.failure}`)
  if (last?.status === 'absent')
    throw new StudyStopped('Temporal does not know this study; start it with: npx gauntlet run')
  if (last?.status === 'cancelled' || last?.status === 'terminated')
    throw new StudyStopped(`The study was ${last.status}; run it again to go on.`)
  return last?.status === 'completed'
}
